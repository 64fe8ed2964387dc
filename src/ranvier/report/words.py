"""The words of a report in English and Chinese, in one table.

`language("zh")("rows")` is a text; without a language RANVIER_LANG decides, then English.
"""

from __future__ import annotations

import os
import unicodedata

from ..errors import unknown_name

LANGUAGES = ("en", "zh")
OPEN, CLOSE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_MARKS = {"R", "AL", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"}


class Language:
    """The words of one language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._index = LANGUAGES.index(lang)

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of a key with the values in it; the key itself where the table has none."""
        if key not in WORDS:
            return isolated(key.replace("_", " "))
        return WORDS[key][self._index].format(
            **{name: isolated(str(value)) for name, value in values.items()}
        )

    def name(self, prefix: str, key: str) -> str:
        """The text of `prefix_key`, or the key itself where the table has none."""
        return self(f"{prefix}_{key}") if f"{prefix}_{key}" in WORDS else isolated(key)


def language(lang: str | None = None) -> Language:
    """The language of that name; by default what RANVIER_LANG says ("zh" or "zh_CN.UTF-8")."""
    chosen = (lang or os.environ.get("RANVIER_LANG") or "en").lower()
    short = chosen.replace("-", "_").partition("_")[0].partition(".")[0]
    if short not in LANGUAGES:
        raise unknown_name("language", chosen, LANGUAGES)
    return Language(short)


def isolated(text: str) -> str:
    """The text, marked off where it would change the direction of what stands beside it."""
    if text.isascii() or not any(unicodedata.bidirectional(c) in _MARKS for c in text):
        return text
    return f"{OPEN}{text}{CLOSE}"


WORDS: dict[str, tuple[str, str]] = {
    # --- the page
    "title": ("Report: predicting {target}", "报告：预测 {target}"),
    "subtitle": (
        "{source} · {task} · {rows} rows · {features} columns used · {date}",
        "{source} · {task} · {rows} 行 · 使用 {features} 列 · {date}",
    ),
    "contents": ("Contents", "目录"),
    "numbers_of_chart": ("Numbers of this chart", "图中的数值"),
    "made_by": (
        "Made by Ranvier {version}. This page holds everything in one file and loads nothing "
        "from the network.",
        "由 Ranvier {version} 生成。本页是单个自包含文件，不会从网络加载任何内容。",
    ),
    "and_more": ("… and {count} more", "……另有 {count} 项"),
    "show_more": ("Show {count} more", "再显示 {count} 项"),
    "others": ("all others", "其他"),
    "rows": ("rows", "行数"),
    "share": ("share", "占比"),
    "column": ("column", "列"),
    "kind": ("kind", "类型"),
    "model": ("model", "模型"),
    "epoch": ("epoch", "轮次"),
    "error": ("error (predicted − true)", "误差（预测值 − 真实值）"),
    "truth": ("true", "真实"),
    "predicted": ("predicted", "预测"),
    "interval": ("95% interval", "95% 区间"),
    "interval_low": ("low", "下限"),
    "interval_high": ("high", "上限"),
    "deviation": ("standard deviation", "标准差"),
    "class": ("class", "类别"),
    # --- tasks
    "task_binary": ("two classes", "二分类"),
    "task_multiclass": ("{count} classes", "{count} 个类别"),
    "task_regression": ("a number", "数值（回归）"),
    "task_ordinal": ("an ordered number", "有序数值"),
    # --- scores
    "accuracy": ("accuracy", "准确率"),
    "balanced_accuracy": ("balanced accuracy", "平衡准确率"),
    "auc": ("area under ROC", "ROC 曲线下面积"),
    "average_precision": ("average precision", "平均精确率"),
    "f1": ("F1", "F1 值"),
    "log_loss": ("log loss", "对数损失"),
    "rmse": ("RMSE", "均方根误差"),
    "mae": ("mean absolute error", "平均绝对误差"),
    "r2": ("R²", "R²"),
    "precision": ("precision", "精确率"),
    "recall": ("recall", "召回率"),
    "flagged": ("called positive", "判为正类的比例"),
    "threshold": ("threshold", "阈值"),
    "loss": ("loss", "损失"),
    "higher_is_better": ("higher is better", "越高越好"),
    "lower_is_better": ("lower is better", "越低越好"),
    "accuracy_means": (
        "the share of rows whose class was told right", "类别判断正确的行所占的比例",
    ),
    "balanced_accuracy_means": (
        "the share told right in each class, averaged over the classes",
        "各类别判断正确的比例的平均值",
    ),
    "auc_means": (
        "how often a row of the positive class gets a higher probability than another row",
        "正类的行得到的概率高于其他行的频率",
    ),
    "average_precision_means": (
        "precision averaged over all thresholds", "在所有阈值上取平均的精确率",
    ),
    "f1_means": (
        "one number of precision and recall at threshold 0.5",
        "阈值为 0.5 时精确率与召回率的调和平均",
    ),
    "log_loss_means": (
        "how far the probabilities are from what happened; surprises cost most",
        "概率与实际结果的差距；越出人意料代价越大",
    ),
    "rmse_means": (
        "typical size of an error in units of the target; large errors weigh most",
        "误差的典型大小（目标的单位）；大误差权重更大",
    ),
    "mae_means": (
        "mean size of an error in units of the target", "误差的平均大小（目标的单位）",
    ),
    "r2_means": (
        "share of the variance explained: 1 is perfect, 0 is no better than the mean",
        "被解释的方差比例：1 为完美，0 表示不比取平均值好",
    ),
    # --- models
    "network": ("this network", "本网络"),
    "majority": ("majority class", "多数类"),
    "mean": ("mean", "平均值"),
    "linear": ("linear regression", "线性回归"),
    "logistic": ("logistic regression", "逻辑回归"),
    "boosting": ("gradient boosting", "梯度提升树"),
    "note_missing": ("scikit-learn is not installed", "未安装 scikit-learn"),
    "note_failed": ("failed: {detail}", "失败：{detail}"),
    "note_large": (
        "left out: {detail} would take too long", "已跳过：{detail} 耗时过长",
    ),
    "note_sampled": ("trained on {detail} rows", "用 {detail} 行训练"),
    # --- summary
    "summary": ("Summary", "概要"),
    "test_score": ("Test score: {metric}", "测试得分：{metric}"),
    "interval_of": ("95% interval {low} to {high}", "95% 置信区间：{low} 至 {high}"),
    "against": ("Against {other}", "与{other}相比"),
    "trained_on": ("Trained on", "训练数据"),
    "rows_count": ("{count} rows", "{count} 行"),
    "tested_on": ("tested on {count} other rows", "在另外 {count} 行上测试"),
    "took": ("Time", "用时"),
    "better_by": ("better by {difference}", "好 {difference}"),
    "worse_by": ("worse by {difference}", "差 {difference}"),
    "no_clear_difference": ("no clear difference", "无明显差别"),
    "verdict_better": (
        "The network is clearly better than {other}, the best of the simple models: on the same "
        "test rows its {metric} is better by {difference} (95% interval {low} to {high}).",
        "本网络明显优于最好的简单模型（{other}）：在同样的测试行上，{metric}好 {difference}"
        "（95% 置信区间 {low} 至 {high}）。",
    ),
    "verdict_worse": (
        "{other} is clearly better than this network: on the same test rows the network's "
        "{metric} is worse by {difference} (95% interval {low} to {high}). Use {other}, or give "
        "the network more time.",
        "{other}明显优于本网络：在同样的测试行上，本网络的{metric}差 {difference}"
        "（95% 置信区间 {low} 至 {high}）。请改用{other}，或给网络更多训练时间。",
    ),
    "verdict_same": (
        "On {rows} test rows there is no clear difference between this network and {other} "
        "({metric}; difference {difference}, 95% interval {low} to {high}). The simpler one may "
        "do.",
        "在 {rows} 个测试行上，本网络与{other}没有明显差别（{metric}；差值 {difference}，"
        "95% 置信区间 {low} 至 {high}）。更简单的模型可能就够用。",
    ),
    "verdict_alone": (
        "There is no simple model to compare with.", "没有可供比较的简单模型。",
    ),
    "few_rows": (
        "Only {rows} test rows: every number on this page is uncertain.",
        "只有 {rows} 个测试行：本页所有数值都不太确定。",
    ),
    "warnings": ("To be checked", "需要检查"),
    "unknown_classes": (
        "{count} test rows have a class that was not there in training; each counts as wrong.",
        "{count} 个测试行的类别在训练数据中没有出现过；都按判断错误计。",
    ),
    "dropped_rows": (
        "{count} test rows have no target and were left out.",
        "{count} 个测试行没有目标值，已排除。",
    ),
    "same_prediction": (
        "The model predicts the same for every test row.", "模型对所有测试行给出相同的预测。",
    ),
    "one_class": (
        "The test rows hold only one class, so there are no ROC and precision-recall curves.",
        "测试行只含一个类别，因此没有 ROC 曲线和精确率-召回率曲线。",
    ),
    "non_finite": (
        "{count} predictions were not finite numbers and count as the mean or as equal "
        "probabilities.",
        "{count} 个预测不是有限的数值，按平均值或相等概率计算。",
    ),
    # --- scores section
    "scores": ("Score and baselines", "得分与基线"),
    "scores_about": (
        "All models are trained on the same rows and tested on the same {rows} rows that none of "
        "them has seen. Intervals say how much a score could differ on other rows of the same "
        "kind (bootstrap over test rows).",
        "所有模型用同样的行训练，并在都没见过的同样 {rows} 行上测试。"
        "区间表示在同类的其他行上得分可能有多大变化（对测试行做自助法）。",
    ),
    "chart_scores": ("{metric} on the test rows", "测试行上的{metric}"),
    "chart_scores_about": (
        "Dot: score on the test rows. Line: 95% interval.", "圆点：测试得分。线段：95% 区间。",
    ),
    "difference": ("network is better by", "本网络优势"),
    "training_seconds": ("training", "训练用时"),
    # --- data
    "data": ("The data", "数据"),
    "data_about": (
        "{columns} columns, {features} of them used; {missing} of the cells are empty.",
        "共 {columns} 列，使用其中 {features} 列；{missing} 的单元格为空。",
    ),
    "chart_target_numbers": ("How {target} is spread", "{target} 的分布"),
    "chart_target_numbers_about": (
        "Number of training rows for each range of the target.", "目标各区间的训练行数。",
    ),
    "chart_target_classes": ("Classes of {target}", "{target} 的类别"),
    "chart_target_classes_about": (
        "Number of training rows of each class.", "每个类别的训练行数。",
    ),
    "chart_missing": ("Empty cells", "空单元格"),
    "chart_missing_about": (
        "Share of the rows that have no value.", "没有取值的行所占比例。",
    ),
    "missing": ("missing", "缺失"),
    "distinct": ("distinct", "不同值"),
    "values": ("lowest, median, highest; or most frequent", "最小、中位、最大；或最常见"),
    "spread": ("spread", "分布"),
    "why": ("why", "原因"),
    "not_used": ("not used", "未使用"),
    "number": ("number", "数值"),
    "category": ("category", "类别"),
    "ordered": ("ordered", "有序类别"),
    "yes/no": ("yes/no", "是/否"),
    "date": ("date", "日期"),
    "text": ("text", "文本"),
    "identifier": ("identifier", "标识符"),
    "constant": ("constant", "常量"),
    "ignored": ("ignored", "忽略"),
    # --- plan
    "plan": ("Choices and reasons", "选择与原因"),
    "plan_about": (
        "What was decided without being asked, why, and what to write to decide otherwise.",
        "自动做出的决定、原因，以及如何改变它。",
    ),
    "what": ("what", "项目"),
    "value": ("choice", "选择"),
    "reason": ("reason", "原因"),
    "override": ("to change it", "如何更改"),
    "choice_column": ("column {name}", "列 {name}"),
    "choice_column left out": ("column left out", "略去的列"),
    "choice_compression": ("compression", "压缩"),
    "choice_delimiter": ("delimiter", "分隔符"),
    "choice_encoding": ("encoding", "编码"),
    "choice_few rows": ("few rows", "行数很少"),
    "choice_header": ("header", "表头"),
    "choice_identifiers": ("identifiers", "标识符"),
    "choice_imbalance": ("imbalance", "类别不平衡"),
    "choice_lines left out": ("lines left out", "略去的行"),
    "choice_metric": ("metric", "评价指标"),
    "choice_more columns than rows": ("more columns than rows", "列数多于行数"),
    "choice_name": ("name", "列名"),
    "choice_positive class": ("positive class", "正类"),
    "choice_quotes": ("quotes", "引号"),
    "choice_rare classes": ("rare classes", "稀少的类别"),
    "choice_repeated rows": ("repeated rows", "重复的行"),
    "choice_rows without a target": ("rows without a target", "没有目标值的行"),
    "choice_share of the trees": ("share of the trees", "决策树的权重"),
    "choice_sheet": ("sheet", "工作表"),
    "choice_split": ("split", "数据划分"),
    "choice_task": ("task", "任务"),
    "choice_members": ("members", "成员数"),
    "choice_epochs": ("epochs", "轮次"),
    "choice_batch size": ("batch size", "批大小"),
    # --- training
    "training": ("Training", "训练过程"),
    "training_about": (
        "The held-out rows take no part in the training; they say when to stop. Where the held-out "
        "line rises again, the network begins to learn its training rows by heart.",
        "留出的行不参与训练，只用于判断何时停止。留出曲线回升的地方，网络开始死记训练数据。",
    ),
    "training_rows": ("training rows", "训练行"),
    "held_out_rows": ("held-out rows", "留出行"),
    "chart_curve": ("{quantity} by epoch", "各轮次的{quantity}"),
    "chart_curve_about": (
        "{quantity} after each pass over the training rows.", "每遍历一次训练行之后的{quantity}。",
    ),
    "chosen_epoch": ("epoch {epoch} chosen", "选定第 {epoch} 轮"),
    # --- errors
    "errors_classes": ("Right and wrong", "判断对错"),
    "errors_classes_about": (
        "Each line is what a row truly is, each column what the network said; the diagonal is "
        "right.",
        "每一行是真实类别，每一列是网络给出的类别；对角线为判断正确。",
    ),
    "errors_classes_many": (
        "Of {count} classes, those with the most mistakes are shown; the others are put together.",
        "共 {count} 个类别，只显示出错最多的，其余合并。",
    ),
    "chart_confusion": ("Confusion matrix", "混淆矩阵"),
    "chart_confusion_about": (
        "Number of test rows; the stronger the colour, the larger the share of its line.",
        "测试行数；颜色越深，在该行中占比越大。",
    ),
    "by_class": ("By class", "按类别"),
    "most_confused": ("Most frequent mistakes", "最常见的错误"),
    "errors_numbers": ("Errors", "误差"),
    "errors_numbers_about": (
        "A perfect model would put every row on the dotted line. On average predictions are off by "
        "{bias} ({direction}).",
        "完美的模型会把每一行都放在虚线上。预测平均偏差为 {bias}（{direction}）。",
    ),
    "too_high": ("too high", "偏高"),
    "too_low": ("too low", "偏低"),
    "chart_predicted": ("Predicted and true values", "预测值与真实值"),
    "chart_predicted_about": ("Each dot is a test row.", "每个点是一个测试行。"),
    "chart_residuals": ("How large the errors are", "误差的大小"),
    "chart_residuals_about": (
        "Number of test rows by error; left of the line the prediction was too low.",
        "按误差统计的测试行数；线左侧为预测偏低。",
    ),
    # --- thresholds
    "decisions": ("Choosing a threshold", "选择阈值"),
    "decisions_about": (
        "The network gives the probability of “{positive}”. Where to draw the line between yes and "
        "no depends on what each kind of mistake costs; 0.5 is only one choice. At 0.5 it finds "
        "{recall} of all such rows, and {precision} of those it names are right.",
        "网络给出“{positive}”的概率。在何处划分是与否，取决于两种错误各自的代价；0.5 只是一种选择。"
        "阈值为 0.5 时，能找出全部此类行的 {recall}，其判定中有 {precision} 是对的。",
    ),
    "best_threshold_about": (
        "The highest F1 on these rows ({f1}) is at {threshold}. As it was picked on the test rows, "
        "expect slightly less on new ones.",
        "在这些行上 F1 最高（{f1}）的阈值为 {threshold}。它是在测试行上选出的，在新数据上会略低。",
    ),
    "curves_classes": ("Classes told apart", "各类别的区分"),
    "curves_classes_about": (
        "Each of the most frequent classes against all others.",
        "最常见的各类别分别与其余类别相比。",
    ),
    "curve": ("curve", "曲线"),
    "chart_roc": ("ROC curve", "ROC 曲线"),
    "chart_roc_about": (
        "Share found against share of false alarms for every threshold; the dotted line is "
        "guessing.",
        "每个阈值下找到的比例与误报比例；虚线为随机猜测。",
    ),
    "roc_x": ("false alarms (share of the others)", "误报（占其他行的比例）"),
    "roc_y": ("found (recall)", "找到的比例（召回率）"),
    "roc_area": ("area under ROC", "ROC 曲线下面积"),
    "chart_pr": ("Precision and recall", "精确率与召回率"),
    "chart_pr_about": (
        "How many of the named rows are right, against how many are found; the dotted line is "
        "guessing.",
        "判为正类的行中正确的比例，与找到的比例；虚线为随机猜测。",
    ),
    "pr_x": ("found (recall)", "找到的比例（召回率）"),
    "pr_y": ("right among those named (precision)", "判定中正确的比例（精确率）"),
    "pr_area": ("average precision", "平均精确率"),
    "chart_thresholds": ("What each threshold gives", "不同阈值的效果"),
    "chart_thresholds_about": (
        "Precision, recall and F1 for each threshold on the probability of “{positive}”.",
        "“{positive}”的概率取各阈值时的精确率、召回率与 F1。",
    ),
    "best_f1": ("best F1: {threshold}", "F1 最高：{threshold}"),
    # --- calibration
    "calibration": ("Can the probabilities be trusted?", "概率可信吗？"),
    "calibration_about": (
        "Of the rows that get a probability of 80%, about 80% should turn out so. The mean gap is "
        "{error}.",
        "概率为 80% 的行，实际应约有 80% 如此。平均差距为 {error}。",
    ),
    "chart_calibration": ("Calibration", "校准曲线"),
    "chart_calibration_about": (
        "Rows with like probabilities of “{positive}”: predicted and actual share, with 95% "
        "intervals.",
        "“{positive}”概率相近的行：预测比例与实际比例，带 95% 区间。",
    ),
    "chart_confidence": ("Calibration of the predicted class", "预测类别的校准曲线"),
    "chart_confidence_about": (
        "Rows with like probabilities of the predicted class: predicted and actual share that is "
        "right, with 95% intervals.",
        "预测类别概率相近的行：预测的与实际的正确比例，带 95% 区间。",
    ),
    "calibration_x": ("predicted probability", "预测概率"),
    "calibration_y": ("share that came true", "实际发生的比例"),
    "perfect": ("perfect", "完美"),
    # --- intervals
    "intervals": ("How wide is a prediction?", "预测的误差范围"),
    "intervals_about": (
        "Prediction intervals from the errors on {rows} rows that took no part in the training "
        "(split-conformal): of new rows like these the stated share lies inside. Measured on other "
        "test rows.",
        "预测区间来自未参与训练的 {rows} 行的误差（分割共形预测）："
        "同类新数据中，有所述比例落在区间内。"
        "覆盖率在其他测试行上测得。",
    ),
    "level": ("promised", "承诺的比例"),
    "coverage": ("measured", "实测的比例"),
    "width": ("prediction ±", "预测值 ±"),
    "chart_intervals": ("Intervals of {level}", "{level} 预测区间"),
    "chart_intervals_about": (
        "Some test rows in the order of their prediction; dots are true values, red ones lie "
        "outside.",
        "部分测试行按预测值排序；圆点为真实值，红点在区间之外。",
    ),
    "sorted_rows": ("test rows in the order of their prediction", "按预测值排序的测试行"),
    "outside": ("outside", "区间之外"),
    # --- importance
    "importance": ("What the network looks at", "网络依据什么"),
    "importance_about": (
        "How much worse the {metric} gets when the values of one column are shuffled among the "
        "rows ({rows} test rows, {repeats}×). Columns that say the same share their "
        "importance, and none of this means cause.",
        "把某一列的值在各行间打乱后，{metric}变差多少（{rows} 个测试行，{repeats} 次）。"
        "含义相同的列会分摊重要性；这不代表因果关系。",
    ),
    "importance_left_out": (
        "{count} columns were not shuffled: one by one they explain the predictions least.",
        "{count} 列没有打乱测量：它们单独对预测的解释最少。",
    ),
    "chart_importance": ("Importance of columns", "各列的重要性"),
    "chart_importance_about": (
        "Loss of {metric} when a column is shuffled; the thin line is the deviation over repeats.",
        "打乱某一列后{metric}的损失；细线为多次重复的标准差。",
    ),
    "importance_loss": ("loss when shuffled", "打乱后的损失"),
    "importance_none": (
        "No column matters on these rows: shuffling any of them changes nothing.",
        "在这些行上没有重要的列：打乱任何一列都没有变化。",
    ),
    # --- worst
    "worst": ("Where it is most wrong", "错得最多的行"),
    "worst_about": (
        "The test rows with the largest errors, with their most important columns. Often they show "
        "wrong labels, odd units or a column that is missing.",
        "误差最大的测试行及其最重要的列。这里常能发现标注错误、单位异常或缺少的信息。",
    ),
    "probability_of_truth": ("probability of the truth", "真实类别的概率"),
    "row_number": ("test row", "测试行号"),
    # --- network
    "network_section": ("The network", "网络结构"),
    "network_about": (
        "{parameters} parameters in {layers} layers{members}.",
        "{layers} 层，共 {parameters} 个参数{members}。",
    ),
    "members_of": (
        "; {count} such networks are trained side by side and averaged",
        "；同时训练 {count} 个这样的网络并取平均",
    ),
    "chart_network": ("Layers", "各层"),
    "chart_network_about": (
        "From the input at the top to the prediction at the bottom.", "从顶部的输入到底部的预测。",
    ),
    "layer": ("layer", "层"),
    "shape": ("output shape", "输出形状"),
    "parameters": ("parameters", "参数"),
    "parameters_short": ("{count} parameters", "{count} 个参数"),
    # --- cost
    "cost": ("Time and memory", "时间与内存"),
    "seconds_reading": ("reading the file", "读取文件"),
    "seconds_reading and plan": ("reading and recognizing columns", "读取文件并识别各列"),
    "seconds_planning": ("recognizing columns", "识别各列"),
    "seconds_training": ("training", "训练"),
    "seconds_trees": ("trees beside the network", "网络之外的决策树"),
    "seconds_test": ("scoring the test rows", "计算测试得分"),
    "seconds_encoding": ("encoding the rows", "编码数据"),
    "seconds_compile": ("compiling", "编译"),
    "seconds_total": ("everything", "总计"),
    "seconds_predict": ("predicting the test rows", "预测测试行"),
    "seconds_baselines": ("the simple models", "简单模型"),
    "seconds_importance": ("importance of columns", "各列重要性"),
    "rows_per_second": ("{count} rows a second", "每秒 {count} 行"),
    "memory_peak": ("peak memory of the process", "进程内存峰值"),
    "memory_parameters": ("parameters of the network", "网络参数"),
    "memory_file": ("saved model", "保存的模型"),
    # --- reproduce
    "reproduce": ("How to get this again", "如何重现"),
    "reproduce_about": (
        "In Python; the same seed gives the same network where training ends by epochs, not by the "
        "clock.",
        "用 Python；如果训练按轮次而不是按时间结束，同样的随机种子会得到同样的网络。",
    ),
    "command_line": ("On the command line:", "命令行："),
    "made_with": ("Made with", "使用的版本"),
    # --- the terminal
    "report_at": ("report: {path}", "报告：{path}"),
    "top_columns": ("most important columns", "最重要的列"),
}  # fmt: skip
