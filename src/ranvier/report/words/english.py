"""The words of a report in English."""

from __future__ import annotations

ENGLISH: dict[str, str] = {
    # --- the page
    "title": "Report: predicting {target}",
    "predicting": "predicting {target}",
    "plan_subtitle": "{source} · {task} · {rows} rows · {features} columns used",
    "target": "target",
    "test_scores": "test scores",
    "subtitle": "{source} · {task} · {rows} rows · {features} columns used · {date}",
    "subtitle_task": "{source} · {task} · {rows} rows · {date}",
    "contents": "Contents",
    "numbers_of_chart": "Numbers of this chart",
    "made_by": (
        "Made by Ranvier {version}. This page holds everything in one file and loads nothing "
        "from the network."
    ),
    "and_more": "… and {count} more",
    "show_more": "Show {count} more",
    "others": "all others",
    "rows": "rows",
    "share": "share",
    "column": "column",
    "kind": "kind",
    "model": "model",
    "epoch": "epoch",
    "error": "error (predicted − true)",
    "truth": "true",
    "predicted": "predicted",
    "interval": "95% interval",
    "interval_low": "low",
    "interval_high": "high",
    "deviation": "standard deviation",
    "class": "class",
    # --- tasks
    "task_binary": "two classes",
    "task_multiclass": "{count} classes",
    "task_regression": "a number",
    "task_ordinal": "an ordered number",
    "task_series": "the next points of a series",
    # --- scores
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "auc": "area under ROC",
    "average_precision": "average precision",
    "f1": "F1",
    "log_loss": "log loss",
    "rmse": "RMSE",
    "mae": "mean absolute error",
    "r2": "R²",
    "precision": "precision",
    "recall": "recall",
    "flagged": "called positive",
    "threshold": "threshold",
    "loss": "loss",
    "higher_is_better": "higher is better",
    "lower_is_better": "lower is better",
    "accuracy_means": "the share of rows whose class was told right",
    "balanced_accuracy_means": "the share told right in each class, averaged over the classes",
    "auc_means": "how often a row of the positive class gets a higher probability than another row",
    "average_precision_means": "precision averaged over all thresholds",
    "f1_means": "one number of precision and recall at threshold 0.5",
    "log_loss_means": "how far the probabilities are from what happened; surprises cost most",
    "rmse_means": "typical size of an error in units of the target; large errors weigh most",
    "mae_means": "mean size of an error in units of the target",
    "r2_means": "share of the variance explained: 1 is perfect, 0 is no better than the mean",
    # --- models
    "network": "this network",
    "majority": "majority class",
    "mean": "mean",
    "linear": "linear regression",
    "logistic": "logistic regression",
    "boosting": "gradient boosting",
    "naive": "the last value",
    "seasonal_naive": "the last season",
    "note_missing": "scikit-learn is not installed",
    "note_failed": "failed: {detail}",
    "note_large": "left out: {detail} would take too long",
    "note_sampled": "trained on {detail} rows",
    "note_time": "left out: no time was left",
    # --- summary
    "summary": "Summary",
    "test_score": "Test score: {metric}",
    "interval_of": "95% interval {low} to {high}",
    "against": "Against {other}",
    "trained_on": "Trained on",
    "rows_count": "{count} rows",
    "tested_on": "tested on {count} other rows",
    "took": "Training took",
    "better_by": "better by {difference}",
    "worse_by": "worse by {difference}",
    "no_clear_difference": "no clear difference",
    "verdict_better": (
        "The network is clearly better than {other}, the best of the simple models: on the same "
        "test rows its {metric} is better by {difference} (95% interval {low} to {high})."
    ),
    "verdict_worse": (
        "{other} is clearly better than this network: on the same test rows the network's "
        "{metric} is worse by {difference} (95% interval {low} to {high}). Use {other}, or give "
        "the network more time."
    ),
    "verdict_same": (
        "On {rows} test rows there is no clear difference between this network and {other} "
        "({metric}; difference {difference}, 95% interval {low} to {high}). The simpler one may "
        "do."
    ),
    "verdict_few_better": (
        "The network's {metric} is better than that of {other} by {difference}; {rows} test rows "
        "are too few to say how sure that is."
    ),
    "verdict_few_worse": (
        "The network's {metric} is worse than that of {other} by {difference}; {rows} test rows "
        "are too few to say how sure that is."
    ),
    "verdict_alone": "There is no simple model to compare with.",
    "few_rows": "Only {rows} test rows: every number on this page is uncertain.",
    "warning": "{what}: {value} ({why})",
    "warnings": "To be checked",
    "unknown_classes": (
        "{count} test rows have a class that was not there in training; each counts as wrong."
    ),
    "dropped_rows": "{count} test rows have no target and were left out.",
    "same_prediction": "The model predicts the same for every test row.",
    "one_class": (
        "The test rows hold only one class, so there are no ROC and precision-recall curves."
    ),
    "non_finite": (
        "{count} predictions were not finite numbers and count as the mean or as equal "
        "probabilities."
    ),
    # --- scores section
    "scores": "Score and baselines",
    "scores_about": (
        "All models are trained on the same rows and tested on the same {rows} rows that none of "
        "them has seen. Intervals say how much a score could differ on other rows of the same "
        "kind (bootstrap over test rows)."
    ),
    "chart_scores": "{metric} on the test rows",
    "scores_series_about": (
        "All forecasts say the same points of {rows} windows at the end of the series, which the "
        "network was not trained on. The small numbers are 95% intervals from drawing blocks of "
        "neighbouring windows at random."
    ),
    "chart_scores_about": "Dot: score on the test rows. Line: 95% interval.",
    "difference": "network is better by",
    "training_seconds": "training",
    # --- diagnosis
    "diagnosis": "Diagnosis",
    "diagnosis_about": (
        "What usually goes wrong with data was looked for in the rows of training and test, by "
        "{count} checks."
    ),
    "found": "found",
    "evidence": "evidence",
    "change": "what changes it",
    "problem": "problem",
    "caution": "caution",
    "nothing_found": "Nothing was found.",
    "looked_for": "Looked for: {kinds}.",
    "not_looked_for": "Not looked for, {reason}: {kinds}.",
    "seconds_diagnosis": "diagnosis",
    # --- data
    "data": "The data",
    "data_about": "{columns} columns, {features} of them used; {missing} of the cells are empty.",
    "chart_target_numbers": "How {target} is spread",
    "chart_target_numbers_about": "Number of training rows for each range of the target.",
    "chart_target_classes": "Classes of {target}",
    "chart_target_classes_about": "Number of training rows of each class.",
    "chart_missing": "Empty cells",
    "chart_missing_about": "Share of the rows that have no value.",
    "missing": "missing",
    "distinct": "distinct",
    "values": "lowest, median, highest; or most frequent",
    "spread": "spread",
    "why": "why",
    "not_used": "not used",
    "number": "number",
    "category": "category",
    "ordered": "ordered",
    "yes/no": "yes/no",
    "date": "date",
    "text": "text",
    "identifier": "identifier",
    "constant": "constant",
    "ignored": "ignored",
    # --- plan
    "plan": "Choices and reasons",
    "plan_about": (
        "What was decided without being asked, why, and what to write to decide otherwise."
    ),
    "what": "what",
    "value": "choice",
    "reason": "reason",
    "override": "to change it",
    # --- training
    "training": "Training",
    "training_about": (
        "The held-out rows take no part in the training; they say when to stop. Where the "
        "held-out line rises again, the network begins to learn its training rows by heart."
    ),
    "training_rows": "training rows",
    "held_out_rows": "held-out rows",
    "chart_curve": "{quantity} by epoch",
    "chart_curve_about": "{quantity} after each pass over the training rows.",
    "chosen_epoch": "epoch {epoch} chosen",
    # --- errors
    "errors_classes": "Right and wrong",
    "errors_classes_about": (
        "Each line is what a row truly is, each column what the network said; the diagonal is "
        "right."
    ),
    "errors_classes_many": (
        "Of {count} classes, those with the most mistakes are shown; the others are put together."
    ),
    "chart_confusion": "Confusion matrix",
    "chart_confusion_about": (
        "Number of test rows; the stronger the colour, the larger the share of its line."
    ),
    "by_class": "By class",
    "most_confused": "Most frequent mistakes",
    "errors_numbers": "Errors",
    "errors_numbers_about": (
        "A perfect model would put every row on the dotted line. On average predictions are off "
        "by {bias} ({direction})."
    ),
    "too_high": "too high",
    "too_low": "too low",
    "chart_predicted": "Predicted and true values",
    "chart_predicted_about": "Each dot is a test row.",
    "chart_residuals": "How large the errors are",
    "chart_residuals_about": (
        "Number of test rows by error; left of the line the prediction was too low."
    ),
    # --- thresholds
    "decisions": "Choosing a threshold",
    "decisions_about": (
        "The network gives the probability of “{positive}”. Where to draw the line between yes "
        "and no depends on what each kind of mistake costs; 0.5 is only one choice. At 0.5 it "
        "finds {recall} of all such rows, and {precision} of those it names are right."
    ),
    "decisions_none_about": (
        "The network gives the probability of “{positive}”. Where to draw the line between yes and "
        "no depends on what each kind of mistake costs; 0.5 is only one choice. At 0.5 it names no "
        "row at all."
    ),
    "best_threshold_about": (
        "The highest F1 on these rows ({f1}) is at {threshold}. As it was picked on the test "
        "rows, expect slightly less on new ones."
    ),
    "curves_classes": "Classes told apart",
    "curves_classes_about": "Each of the most frequent classes against all others.",
    "curve": "curve",
    "chart_roc": "ROC curve",
    "chart_roc_about": (
        "Share found against share of false alarms for every threshold; the dotted line is "
        "guessing."
    ),
    "roc_x": "false alarms (share of the others)",
    "roc_y": "found (recall)",
    "roc_area": "area under ROC",
    "chart_pr": "Precision and recall",
    "chart_pr_about": (
        "How many of the named rows are right, against how many are found; the dotted line is "
        "guessing."
    ),
    "pr_x": "found (recall)",
    "pr_y": "right among those named (precision)",
    "pr_area": "average precision",
    "chart_thresholds": "What each threshold gives",
    "chart_thresholds_about": (
        "Precision, recall and F1 for each threshold on the probability of “{positive}”."
    ),
    "best_f1": "best F1: {threshold}",
    # --- calibration
    "calibration": "Can the probabilities be trusted?",
    "calibration_about": (
        "Of the rows that get a probability of 80%, about 80% should turn out so. The mean gap "
        "is {error}."
    ),
    "chart_calibration": "Calibration",
    "chart_calibration_about": (
        "Rows with like probabilities of “{positive}”: predicted and actual share, with 95% "
        "intervals."
    ),
    "chart_confidence": "Calibration of the predicted class",
    "chart_confidence_about": (
        "Rows with like probabilities of the predicted class: predicted and actual share that is "
        "right, with 95% intervals."
    ),
    "calibration_x": "predicted probability",
    "calibration_y": "share that came true",
    "perfect": "perfect",
    # --- intervals
    "intervals": "How wide is a prediction?",
    "intervals_about": (
        "Prediction intervals from the errors on {rows} rows that took no part in the training "
        "(split-conformal): of new rows like these the stated share lies inside. Measured on "
        "other test rows."
    ),
    "level": "promised",
    "coverage": "measured",
    "width": "prediction ±",
    "chart_intervals": "Intervals of {level}",
    "chart_intervals_about": (
        "Some test rows in the order of their prediction; dots are true values, red ones lie "
        "outside."
    ),
    "sorted_rows": "test rows in the order of their prediction",
    "outside": "outside",
    # --- importance
    "importance": "What the network looks at",
    "importance_about": (
        "How much worse the {metric} gets when the values of one column are shuffled among the "
        "rows ({rows} test rows, {repeats}×). Columns that say the same share their importance, "
        "and none of this means cause."
    ),
    "importance_left_out": (
        "{count} columns were not shuffled: one by one they explain the predictions least."
    ),
    "chart_importance": "Importance of columns",
    "chart_importance_about": (
        "Loss of {metric} when a column is shuffled; the thin line is the deviation over repeats."
    ),
    "importance_loss": "loss when shuffled",
    "importance_none": "No column matters on these rows: shuffling any of them changes nothing.",
    # --- attribution
    "shap": "What the columns add",
    "shap_about": (
        "SHAP values share out, for each of {rows} test rows, what the model says of {output} less "
        "what it says on average of {behind} rows of training. Where two columns go together, one "
        "may have the other's share."
    ),
    "chart_shap": "What each column adds to {output}",
    "chart_shap_about": (
        "One dot for each of {rows} rows. Orange dots are rows with a high value of the column, "
        "blue ones with a low value, grey ones between or without a number."
    ),
    "shap_adds": "what it adds to {output}",
    "shap_size": "mean size",
    "chart_dependence": "How {output} depends on {column}",
    "chart_dependence_about": (
        "The thick line is the mean of {rows} rows in which {column} was set to each value, thin "
        "lines are single rows. Marks below are values that occur."
    ),
    "chart_dependence_labels": "How {output} depends on {column}",
    "chart_dependence_labels_about": (
        "Bars are the mean of {rows} rows in which {column} was set to each label, lines the "
        "middle half of the rows."
    ),
    "seconds_attributions": "what the columns add",
    # --- worst
    "worst": "Where it is most wrong",
    "worst_about": (
        "The test rows with the largest errors, with their most important columns. Often they "
        "show wrong labels, odd units or a column that is missing."
    ),
    "worst_pictures_about": (
        "The test pictures with the most surprising mistakes: the true class, and below it the "
        "predicted one. Often they show wrong labels, or what the training lacks."
    ),
    "worst_texts_about": (
        "The test texts with the most surprising mistakes. Often they show wrong labels, irony, "
        "or words that the training lacks."
    ),
    "told_as": "predicted",
    "examples": "Correct predictions",
    "examples_about": "Some test pictures of each class, with the predicted probability.",
    "telling_words": "Words that speak for a class",
    "telling_words_about": (
        "The predicted probability of the class for frequent words of the test texts, each alone. "
        "Together in a text words can mean something else."
    ),
    # --- series
    "forecast": "The forecast",
    "forecast_about": (
        "The last {steps} points that were tested, and what was foretold of them. The band should "
        "hold 90% of the points, by the errors on windows held out of the training; of all tested "
        "points it holds {coverage}."
    ),
    "forecast_plain_about": "The last {steps} points that were tested, and what was foretold.",
    "chart_forecast": "The last forecast of {target}",
    "chart_forecast_about": "What was known, what came, and what was foretold of it.",
    "chart_horizon": "Errors by step",
    "chart_horizon_about": "The mean absolute error of all tested windows at each step ahead.",
    "steps_ahead": "steps ahead",
    "probability_of_truth": "probability of the truth",
    "row_number": "test row",
    # --- network
    "network_section": "The network",
    "network_about": "{parameters} parameters in {layers} layers{members}.",
    "members_of": "; {count} such networks are trained side by side and averaged",
    "chart_network": "Layers",
    "chart_network_about": "From the input at the top to the prediction at the bottom.",
    "layer": "layer",
    "shape": "output shape",
    "parameters": "parameters",
    "parameters_short": "{count} parameters",
    # --- cost
    "cost": "Time and memory",
    "seconds_reading": "reading the file",
    "seconds_reading and plan": "reading and recognizing columns",
    "seconds_planning": "recognizing columns",
    "seconds_training": "training",
    "seconds_trees": "trees beside the network",
    "seconds_test": "scoring the test rows",
    "seconds_encoding": "encoding the rows",
    "seconds_compile": "compiling",
    "seconds_total": "everything",
    "seconds_predict": "predicting the test rows",
    "seconds_baselines": "the simple models",
    "seconds_importance": "importance of columns",
    "rows_per_second": "predicts {count} rows a second",
    "memory_peak": "peak memory of the process",
    "memory_parameters": "parameters of the network",
    "memory_file": "saved model",
    # --- reproduce
    "reproduce": "How to get this again",
    "reproduce_about": (
        "In Python; the same seed gives the same network where training ends by epochs, not by "
        "the clock."
    ),
    "command_line": "On the command line:",
    "made_with": "Made with",
    # --- the terminal
    "report_at": "report: {path}",
    "top_columns": "most important columns",
}
