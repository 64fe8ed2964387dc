"""Pictures of attributions: drawings and pages.

| file | what it holds |
|---|---|
| attributions.py | Bars, swarms, heat maps over images, tokens of a text |
| curves.py | Partial dependence |
| page.py | One page of HTML |
"""
