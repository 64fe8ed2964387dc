"""What diagnoses say of data, in Chinese, by the template in English."""

from __future__ import annotations

DATA_FINDINGS: dict[str, str] = {
    # --- kinds
    "class imbalance": "类别不平衡",
    "constant columns": "常量列",
    "drift": "数据漂移",
    "duplicate columns": "重复列",
    "label noise": "标签噪声",
    "leaking columns": "泄漏列",
    "missing classes": "缺失的类别",
    "repeated rows": "重复的行",
    "small validation set": "验证集太小",
    # --- why a check was left out
    "no classes to tell": "没有类别可分",
    "rows are no table": "数据行不是表格",
    "rows of words": "数据行是词",
    "no time was left for it": "没有时间检查",
    # --- columns
    " ({before} before, {after} now)": "（之前 {before}，现在 {after}）",
    "Columns that are not as in the rows it was trained on: {count}, most of all {name}, whose "
    "values are {distance} apart{values}.": (
        "与训练数据不同的列：{count} 个，差别最大的是 {name}，其取值相差 {distance}{values}。"
    ),
    "Copies of other columns: {count}. {name} is that of {original} ({form}). Both share one "
    "task, and importance is split between them.": (
        "与其他列重复的列：{count} 个。{name} 重复了 {original}（{form}）。两列承担同一任务，重要"
        "性被分摊。"
    ),
    "No column by itself, but all together tell new rows from those it was trained on: small "
    "networks rank a new row above one of them in {area} of all pairs, most by {columns}.": (
        "单看每一列都没有差别，但合在一起能把新行与训练行分开：小型网络在 {area} 的配对中把新行排"
        "在训练行之前，主要依据 {columns}。"
    ),
    "the same": "相同",
    "{column} alone explains {right} of the target's variance in held-out rows, all other "
    "columns together {others}: it may hold the answer. Is it known before the target is?": (
        "仅 {column} 一列就解释了留出行中目标方差的 {right}，其他所有列合起来为 {others}：它可能"
        "含有答案。它在目标之前就已知吗？"
    ),
    "{column} alone tells {right} of the held-out rows of each class right, all other columns "
    "together {others}: it may hold the answer. Is it known before the target is?": (
        "仅 {column} 一列就答对了留出行中每类的 {right}，其他所有列合起来为 {others}：它可能含有"
        "答案。它在目标之前就已知吗？"
    ),
    "{count} of {all} columns hold one value in all rows: {names}.": (
        "{all} 列中有 {count} 列在所有行中取同一个值：{names}。"
    ),
    "{names} held one value in all rows it was trained on, and other values in rows that it is "
    "used on: what it makes of them is by chance.": (
        "{names} 在所有训练行中取同一个值，在使用时却取其他值：网络对它们的反应是偶然的。"
    ),
    # --- trials
    "a trial is for models with one input and one target": "试验只用于一个输入、一个目标的模型",
    "a trial needs targets and validation data": "试验需要目标和验证数据",
    "no trial: {reason}": "没有试验：{reason}",
    "no time was left for a trial": "没有时间做试验",
    "the model cannot be made again from its configuration": "无法由配置重新建立该模型",
    "{score} {before} as it is, {after} changed ({seeds} seeds each): better by {low} "
    "to {high}, more than chance": (
        "{score}：原样 {before}，改动后 {after}（各 {seeds} 个种子）：好 {low} 到 {high}，不是偶然"
    ),
    "{score} {before} as it is, {after} changed ({seeds} seeds each): no more than chance": (
        "{score}：原样 {before}，改动后 {after}（各 {seeds} 个种子）：差别不超出偶然"
    ),
    "{score} {before} as it is, {after} changed ({seeds} seeds each): worse by {low} "
    "to {high}, more than chance": (
        "{score}：原样 {before}，改动后 {after}（各 {seeds} 个种子）：差 {low} 到 {high}，不是偶然"
    ),
    # --- rows and classes
    "About {share} of the labels are wrong ({low} to {high}): among rows that networks without "
    "them are surest of, so many disagree. {count} rows are listed, about {expected} of them "
    "wrong; {worst}.": (
        "约 {share} 的标签是错的（{low} 到 {high}）：在未见过这些行的网络最有把握的行中，有这么多"
        "与标签不符。列出了 {count} 行，其中约 {expected} 行有误；{worst}。"
    ),
    "All targets of the rows for validation are {value}.": "验证行的所有目标都是 {value}。",
    "All {rows} rows for validation are of class {name}: their score says nothing about the "
    "other classes.": "全部 {rows} 个验证行都属于类别 {name}：其分数说明不了其他类别。",
    "Class {name} has {share} of the training rows, and the model finds {recall} of its rows "
    "for validation; {others}.": (
        "类别 {name} 占训练行的 {share}，模型只找到其验证行的 {recall}；{others}。"
    ),
    "No row for validation is of class {names}, which the rows to train on hold: the rows "
    "stood in an order when they were split.": (
        "没有验证行属于训练行所含的类别 {names}：划分时数据行是按顺序排列的。"
    ),
    "No row to train on is of class {names}, which rows for validation hold: it cannot say so.": (
        "没有训练行属于验证行所含的类别 {names}：网络无法给出该类别。"
    ),
    "accuracy": "准确率",
    "its accuracy of {accuracy} comes from the frequent classes": (
        "其准确率 {accuracy} 来自常见类别"
    ),
    "its accuracy of {accuracy} is no better than always saying the most frequent class ("
    "{majority})": "其准确率 {accuracy} 并不好于总是回答最常见的类别（{majority}）",
    "mean absolute error": "平均绝对误差",
    "row {row} says {label}, predicted {answer}": "第 {row} 行标为 {label}，预测为 {answer}",
    "{count} of {rows} rows for validation ({share}) also stand in the rows it was trained on: "
    "the validation score is better than that of new rows.": (
        "{rows} 个验证行中有 {count} 个（{share}）也出现在训练行中：验证分数好于新行的分数。"
    ),
    "{rows} rows for validation leave the {score} of {value} anywhere between {low} and {high} "
    "(95 %): changes of the model cannot be told from chance. About {wanted} rows would be "
    "enough.": (
        "{rows} 个验证行只能说明{score} {value} 在 {low} 与 {high} 之间（95 %）：模型的改动与偶然"
        "无法区分。约需 {wanted} 行。"
    ),
}
