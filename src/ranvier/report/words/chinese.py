"""The words of a report in Chinese; the keys are those of `english.py`."""

from __future__ import annotations

CHINESE: dict[str, str] = {
    # --- the page
    "title": "报告：预测 {target}",
    "predicting": "预测 {target}",
    "plan_subtitle": "{source} · {task} · {rows} 行 · 使用 {features} 列",
    "target": "目标",
    "test_scores": "测试得分",
    "subtitle": "{source} · {task} · {rows} 行 · 使用 {features} 列 · {date}",
    "subtitle_task": "{source} · {task} · {rows} 行 · {date}",
    "contents": "目录",
    "numbers_of_chart": "图中的数值",
    "made_by": "由 Ranvier {version} 生成。本页是单个自包含文件，不会从网络加载任何内容。",
    "and_more": "……另有 {count} 项",
    "show_more": "再显示 {count} 项",
    "others": "其他",
    "rows": "行数",
    "share": "占比",
    "column": "列",
    "kind": "类型",
    "model": "模型",
    "epoch": "轮次",
    "error": "误差（预测值 − 真实值）",
    "truth": "真实",
    "predicted": "预测",
    "interval": "95% 区间",
    "interval_low": "下限",
    "interval_high": "上限",
    "deviation": "标准差",
    "class": "类别",
    # --- tasks
    "task_binary": "二分类",
    "task_multiclass": "{count} 个类别",
    "task_regression": "数值（回归）",
    "task_ordinal": "有序数值",
    "task_series": "序列的后续各点",
    # --- scores
    "accuracy": "准确率",
    "balanced_accuracy": "平衡准确率",
    "auc": "ROC 曲线下面积",
    "average_precision": "平均精确率",
    "f1": "F1 值",
    "log_loss": "对数损失",
    "rmse": "均方根误差",
    "mae": "平均绝对误差",
    "r2": "R²",
    "precision": "精确率",
    "recall": "召回率",
    "flagged": "判为正类的比例",
    "threshold": "阈值",
    "loss": "损失",
    "higher_is_better": "越高越好",
    "lower_is_better": "越低越好",
    "accuracy_means": "类别判断正确的行所占的比例",
    "balanced_accuracy_means": "各类别判断正确的比例的平均值",
    "auc_means": "正类的行得到的概率高于其他行的频率",
    "average_precision_means": "在所有阈值上取平均的精确率",
    "f1_means": "阈值为 0.5 时精确率与召回率的调和平均",
    "log_loss_means": "概率与实际结果的差距；越出人意料代价越大",
    "rmse_means": "误差的典型大小（目标的单位）；大误差权重更大",
    "mae_means": "误差的平均大小（目标的单位）",
    "r2_means": "被解释的方差比例：1 为完美，0 表示不比取平均值好",
    # --- models
    "network": "本网络",
    "majority": "多数类",
    "mean": "平均值",
    "linear": "线性回归",
    "logistic": "逻辑回归",
    "boosting": "梯度提升树",
    "naive": "最后一个值",
    "seasonal_naive": "上一个周期",
    "note_missing": "未安装 scikit-learn",
    "note_failed": "失败：{detail}",
    "note_large": "已跳过：{detail} 耗时过长",
    "note_sampled": "用 {detail} 行训练",
    "note_time": "已跳过：没有剩余时间",
    # --- summary
    "summary": "概要",
    "test_score": "测试得分：{metric}",
    "interval_of": "95% 置信区间：{low} 至 {high}",
    "against": "与{other}相比",
    "trained_on": "训练数据",
    "rows_count": "{count} 行",
    "tested_on": "在另外 {count} 行上测试",
    "took": "训练用时",
    "better_by": "好 {difference}",
    "worse_by": "差 {difference}",
    "no_clear_difference": "无明显差别",
    "verdict_better": (
        "本网络明显优于最好的简单模型（{other}）：在同样的测试行上，{metric}好 {difference}（95% "
        "置信区间 {low} 至 {high}）。"
    ),
    "verdict_worse": (
        "{other}明显优于本网络：在同样的测试行上，本网络的{metric}差 {difference}（95% 置信区间 {"
        "low} 至 {high}）。请改用{other}，或给网络更多训练时间。"
    ),
    "verdict_same": (
        "在 {rows} 个测试行上，本网络与{other}没有明显差别（{metric}；差值 {difference}，95% 置信"
        "区间 {low} 至 {high}）。更简单的模型可能就够用。"
    ),
    "verdict_few_better": (
        "网络的{metric}比{other}好 {difference}；{rows} 个测试行太少，说不出有多大把握。"
    ),
    "verdict_few_worse": (
        "网络的{metric}比{other}差 {difference}；{rows} 个测试行太少，说不出有多大把握。"
    ),
    "verdict_alone": "没有可供比较的简单模型。",
    "few_rows": "只有 {rows} 个测试行：本页所有数值都不太确定。",
    "warning": "{what}：{value}（{why}）",
    "warnings": "需要检查",
    "unknown_classes": "{count} 个测试行的类别在训练数据中没有出现过；都按判断错误计。",
    "dropped_rows": "{count} 个测试行没有目标值，已排除。",
    "same_prediction": "模型对所有测试行给出相同的预测。",
    "one_class": "测试行只含一个类别，因此没有 ROC 曲线和精确率-召回率曲线。",
    "non_finite": "{count} 个预测不是有限的数值，按平均值或相等概率计算。",
    # --- scores section
    "scores": "得分与基线",
    "scores_about": (
        "所有模型用同样的行训练，并在都没见过的同样 {rows} 行上测试。区间表示在同类的其他行上得分"
        "可能有多大变化（对测试行做自助法）。"
    ),
    "chart_scores": "测试行上的{metric}",
    "scores_series_about": (
        "所有预测针对序列末尾 {rows} 个窗口的相同各点，网络未用它们训练。"
        "小字是随机抽取相邻窗口块得到的 95% 区间。"
    ),
    "chart_scores_about": "圆点：测试得分。线段：95% 区间。",
    "difference": "本网络优势",
    "training_seconds": "训练用时",
    # --- diagnosis
    "diagnosis": "诊断",
    "diagnosis_about": "在训练行和测试行中查找了数据的常见问题，共 {count} 项检查。",
    "found": "发现",
    "evidence": "依据",
    "change": "改动",
    "problem": "问题",
    "caution": "注意",
    "nothing_found": "没有发现问题。",
    "looked_for": "已检查：{kinds}。",
    "not_looked_for": "未检查（{reason}）：{kinds}。",
    "seconds_diagnosis": "诊断",
    # --- data
    "data": "数据",
    "data_about": "共 {columns} 列，使用其中 {features} 列；{missing} 的单元格为空。",
    "chart_target_numbers": "{target} 的分布",
    "chart_target_numbers_about": "目标各区间的训练行数。",
    "chart_target_classes": "{target} 的类别",
    "chart_target_classes_about": "每个类别的训练行数。",
    "chart_missing": "空单元格",
    "chart_missing_about": "没有取值的行所占比例。",
    "missing": "缺失",
    "distinct": "不同值",
    "values": "最小、中位、最大；或最常见",
    "spread": "分布",
    "why": "原因",
    "not_used": "未使用",
    "number": "数值",
    "category": "类别",
    "ordered": "有序类别",
    "yes/no": "是/否",
    "date": "日期",
    "text": "文本",
    "identifier": "标识符",
    "constant": "常量",
    "ignored": "忽略",
    # --- plan
    "plan": "选择与原因",
    "plan_about": "自动做出的决定、原因，以及如何改变它。",
    "what": "项目",
    "value": "选择",
    "reason": "原因",
    "override": "如何更改",
    # --- training
    "training": "训练过程",
    "training_about": (
        "留出的行不参与训练，只用于判断何时停止。留出曲线回升的地方，网络开始死记训练数据。"
    ),
    "training_rows": "训练行",
    "held_out_rows": "留出行",
    "chart_curve": "各轮次的{quantity}",
    "chart_curve_about": "每遍历一次训练行之后的{quantity}。",
    "chosen_epoch": "选定第 {epoch} 轮",
    # --- errors
    "errors_classes": "判断对错",
    "errors_classes_about": "每一行是真实类别，每一列是网络给出的类别；对角线为判断正确。",
    "errors_classes_many": "共 {count} 个类别，只显示出错最多的，其余合并。",
    "chart_confusion": "混淆矩阵",
    "chart_confusion_about": "测试行数；颜色越深，在该行中占比越大。",
    "by_class": "按类别",
    "most_confused": "最常见的错误",
    "errors_numbers": "误差",
    "errors_numbers_about": (
        "完美的模型会把每一行都放在虚线上。预测平均偏差为 {bias}（{direction}）。"
    ),
    "too_high": "偏高",
    "too_low": "偏低",
    "chart_predicted": "预测值与真实值",
    "chart_predicted_about": "每个点是一个测试行。",
    "chart_residuals": "误差的大小",
    "chart_residuals_about": "按误差统计的测试行数；线左侧为预测偏低。",
    # --- thresholds
    "decisions": "选择阈值",
    "decisions_about": (
        "网络给出“{positive}”的概率。在何处划分是与否，取决于两种错误各自的代价；0.5 只是一种选择"
        "。阈值为 0.5 时，能找出全部此类行的 {recall}，其判定中有 {precision} 是对的。"
    ),
    "decisions_none_about": (
        "网络给出“{positive}”的概率。在何处划分是与否，取决于两种错误各自的代价；0.5 只是一种选择。"
        "阈值为 0.5 时，没有任何一行被判为正类。"
    ),
    "best_threshold_about": (
        "在这些行上 F1 最高（{f1}）的阈值为 {threshold}。它是在测试行上选出的，在新数据上会略低。"
    ),
    "curves_classes": "各类别的区分",
    "curves_classes_about": "最常见的各类别分别与其余类别相比。",
    "curve": "曲线",
    "chart_roc": "ROC 曲线",
    "chart_roc_about": "每个阈值下找到的比例与误报比例；虚线为随机猜测。",
    "roc_x": "误报（占其他行的比例）",
    "roc_y": "找到的比例（召回率）",
    "roc_area": "ROC 曲线下面积",
    "chart_pr": "精确率与召回率",
    "chart_pr_about": "判为正类的行中正确的比例，与找到的比例；虚线为随机猜测。",
    "pr_x": "找到的比例（召回率）",
    "pr_y": "判定中正确的比例（精确率）",
    "pr_area": "平均精确率",
    "chart_thresholds": "不同阈值的效果",
    "chart_thresholds_about": "“{positive}”的概率取各阈值时的精确率、召回率与 F1。",
    "best_f1": "F1 最高：{threshold}",
    # --- calibration
    "calibration": "概率可信吗？",
    "calibration_about": "概率为 80% 的行，实际应约有 80% 如此。平均差距为 {error}。",
    "chart_calibration": "校准曲线",
    "chart_calibration_about": "“{positive}”概率相近的行：预测比例与实际比例，带 95% 区间。",
    "chart_confidence": "预测类别的校准曲线",
    "chart_confidence_about": "预测类别概率相近的行：预测的与实际的正确比例，带 95% 区间。",
    "calibration_x": "预测概率",
    "calibration_y": "实际发生的比例",
    "perfect": "完美",
    # --- intervals
    "intervals": "预测的误差范围",
    "intervals_about": (
        "预测区间来自未参与训练的 {rows} 行的误差（分割共形预测）：同类新数据中，有所述比例落在区"
        "间内。覆盖率在其他测试行上测得。"
    ),
    "level": "承诺的比例",
    "coverage": "实测的比例",
    "width": "预测值 ±",
    "chart_intervals": "{level} 预测区间",
    "chart_intervals_about": "部分测试行按预测值排序；圆点为真实值，红点在区间之外。",
    "sorted_rows": "按预测值排序的测试行",
    "outside": "区间之外",
    # --- importance
    "importance": "网络依据什么",
    "importance_about": (
        "把某一列的值在各行间打乱后，{metric}变差多少（{rows} 个测试行，{repeats} 次）。含义相同"
        "的列会分摊重要性；这不代表因果关系。"
    ),
    "importance_left_out": "{count} 列没有打乱测量：它们单独对预测的解释最少。",
    "chart_importance": "各列的重要性",
    "chart_importance_about": "打乱某一列后{metric}的损失；细线为多次重复的标准差。",
    "importance_loss": "打乱后的损失",
    "importance_none": "在这些行上没有重要的列：打乱任何一列都没有变化。",
    # --- attribution
    "shap": "各列的贡献",
    "shap_about": (
        "SHAP 值把模型对{output}的输出与 {behind} 个训练行平均输出之差，在 {rows} 个测试行上逐行"
        "分摊给各列。两列相关时，一列可能分到另一列的贡献。"
    ),
    "chart_shap": "各列对{output}的贡献",
    "chart_shap_about": (
        "每个点是一行，共 {rows} 行。橙色表示该列的值较高，蓝色表示较低，灰色表示居中或不是数值。"
    ),
    "shap_adds": "对{output}的贡献",
    "shap_size": "平均大小",
    "chart_dependence": "{output}如何随{column}变化",
    "chart_dependence_about": (
        "粗线是把 {rows} 行的{column}依次设为各个值后的平均输出，细线是单独的行。"
        "下方的刻线是出现过的值。"
    ),
    "chart_dependence_labels": "{output}如何随{column}变化",
    "chart_dependence_labels_about": (
        "柱是把 {rows} 行的{column}依次设为各个标签后的平均输出，线是中间一半的行。"
    ),
    "seconds_attributions": "各列的贡献",
    # --- worst
    "worst": "错得最多的行",
    "worst_about": "误差最大的测试行及其最重要的列。这里常能发现标注错误、单位异常或缺少的信息。",
    "worst_pictures_about": (
        "错得最意外的测试图片：先是真实类别，下面是网络的判断。它们常常说明标签有误，或训练中缺少什么。"
    ),
    "worst_texts_about": "错得最意外的测试文本。它们常常说明标签有误、含反讽，或有训练中没有的词。",
    "told_as": "判为",
    "examples": "判断正确",
    "examples_about": "每一类的一些测试图片，以及所判类别的概率。",
    "telling_words": "支持各类别的词",
    "telling_words_about": (
        "网络对测试文本中常见词单独的判断：该类别的概率。在文本中，词连在一起可能是另外的意思。"
    ),
    # --- series
    "forecast": "预测",
    "forecast_about": (
        "测试的最后 {steps} 个点及其预测。按训练之外留出窗口上的误差，色带应包含 90% 的点；"
        "在所有测试点中它包含 {coverage}。"
    ),
    "forecast_plain_about": "测试的最后 {steps} 个点及其预测。",
    "chart_forecast": "{target} 的最后一次预测",
    "chart_forecast_about": "已知的、实际发生的，以及对它的预测。",
    "chart_horizon": "各步的误差",
    "chart_horizon_about": "所有测试窗口在每一步上的平均绝对误差。",
    "steps_ahead": "向前步数",
    "probability_of_truth": "真实类别的概率",
    "row_number": "测试行号",
    # --- network
    "network_section": "网络结构",
    "network_about": "{layers} 层，共 {parameters} 个参数{members}。",
    "members_of": "；同时训练 {count} 个这样的网络并取平均",
    "chart_network": "各层",
    "chart_network_about": "从顶部的输入到底部的预测。",
    "layer": "层",
    "shape": "输出形状",
    "parameters": "参数",
    "parameters_short": "{count} 个参数",
    # --- cost
    "cost": "时间与内存",
    "seconds_reading": "读取文件",
    "seconds_reading and plan": "读取文件并识别各列",
    "seconds_planning": "识别各列",
    "seconds_training": "训练",
    "seconds_trees": "网络之外的决策树",
    "seconds_test": "计算测试得分",
    "seconds_encoding": "编码数据",
    "seconds_compile": "编译",
    "seconds_total": "总计",
    "seconds_predict": "预测测试行",
    "seconds_baselines": "简单模型",
    "seconds_importance": "各列重要性",
    "rows_per_second": "每秒预测 {count} 行",
    "memory_peak": "进程内存峰值",
    "memory_parameters": "网络参数",
    "memory_file": "保存的模型",
    # --- reproduce
    "reproduce": "如何重现",
    "reproduce_about": (
        "用 Python；如果训练按轮次而不是按时间结束，同样的随机种子会得到同样的网络。"
    ),
    "command_line": "命令行：",
    "made_with": "使用的版本",
    # --- the terminal
    "report_at": "报告：{path}",
    "top_columns": "最重要的列",
}
