"""Vector mathematics: special functions as polynomials in vector arithmetic.

| file | what it holds |
|---|---|
| coefficients.py | Coefficients |
| kit.py | What the special functions share: constants of each dtype, polynomials, rounding, signs |
| polynomials.py | Special functions as polynomials in the machine's own arithmetic |
| powers.py | Powers |
| trigonometric.py | Sin, cos and atan2 |
"""
