"""What a diagnosis says, in Chinese, by the template in English."""

from __future__ import annotations

FINDINGS: dict[str, str] = {
    # --- kinds
    "dead units": "失活的单元",
    "exploding gradients": "梯度爆炸",
    "learning rate too high": "学习率过高",
    "learning rate too low": "学习率过低",
    "overfitting": "过拟合",
    "saturated units": "饱和的单元",
    "underfitting": "欠拟合",
    "unscaled inputs": "输入未缩放",
    "unscaled targets": "目标未缩放",
    "vanishing gradients": "梯度消失",
    "wrong last activation": "最后一层的激活函数不合适",
    "wrong loss": "损失函数不合适",
    # --- why a check was left out
    "chosen by the training of tables": "由表格训练自行选择",
    "no history of a training": "没有训练记录",
    "no loss": "没有损失函数",
    "no new data": "没有新数据",
    "no targets": "没有目标值",
    "no validation data": "没有验证数据",
    # --- training
    "After {epochs} epochs the loss has fallen from {first} to {last} only, and {steps} steps "
    "like the next one would lower it by {gain}.": (
        "{epochs} 轮之后损失只从 {first} 降到 {last}，而再走 {steps} 个与下一步相同的步子会使"
        "它降低 {gain}。"
    ),
    "It explains {held} of the variance of rows it has not seen, and {learned} of those it "
    "learned from.": ("对没见过的行它解释了方差的 {held}，对训练行为 {learned}。"),
    "It explains {own} of the variance of rows it learned from; {method} explain {other} of "
    "the same rows without having seen them.": (
        "对训练行它解释了方差的 {own}；{method}在没见过这些行的情况下解释了 {other}。"
    ),
    "It is wrong on {held} of the rows it has not seen, and on {learned} of those it learned "
    "from.": ("没见过的行中它判断错了 {held}，训练行中为 {learned}。"),
    "It is wrong on {own} of the rows it learned from; {method} on {other} of the same rows "
    "without having seen them.": (
        "训练行中它判断错了 {own}；{method}在没见过这些行的情况下错了 {other}。"
    ),
    "One more step raises the loss from {before} to {after}; {share} of that step would be the "
    "best.": ("再走一步会使损失从 {before} 升到 {after}；最好只走这一步的 {share}。"),
    "The loss of epoch {epoch} was {worst}, {times} times that of always giving the same "
    "answer ({constant}): at a rate of {rate} steps overshoot.": (
        "第 {epoch} 轮的损失为 {worst}，是总给出同一答案时损失（{constant}）的 {times} 倍：学"
        "习率 {rate} 使步子迈过了头。"
    ),
    "The loss rose in {rises} of {epochs} epochs by more than a tenth of that of always giving "
    "the same answer ({constant}): at a rate of {rate} steps overshoot.": (
        "{epochs} 轮中有 {rises} 轮的损失上升超过总给出同一答案时损失（{constant}）的十分之一"
        "：学习率 {rate} 使步子迈过了头。"
    ),
    "The validation loss was lowest in epoch {epoch} ({best}) and is now {now}, while the loss "
    "on the rows it learns from fell to {train}: it learns them by heart.": (
        "验证损失在第 {epoch} 轮最低（{best}），现在为 {now}，而训练行上的损失降到了 {train}"
        "：网络在死记训练数据。"
    ),
    "a linear fit": "线性拟合",
    "the five nearest rows": "最近的五行",
    # --- the network, its inputs and targets
    "All columns reach {layer} with numbers of at most about {size}, where about 1 suits the "
    "weights.": ("所有列到达 {layer} 时最大约为 {size}，而适合权重的大小约为 1。"),
    "Along the {count} steps of {layer} the gradient fades from {late} at the end to {early} "
    "at the beginning: what stands there is not learned.": (
        "沿 {layer} 的 {count} 步，梯度从末尾的 {late} 减弱到开头的 {early}：开头的内容学不到。"
    ),
    "Along the {count} steps of {layer} the gradient grows from {late} at the end to {early} "
    "at the beginning.": ("沿 {layer} 的 {count} 步，梯度从末尾的 {late} 增大到开头的 {early}。"),
    "Column {column} reaches {layer} with a deviation of {deviation}, and others of up to "
    "{largest}: it goes unheard beside them.": (
        "列 {column} 到达 {layer} 时标准差为 {deviation}，其他列最大为 {largest}：它会被其他"
        "列淹没。"
    ),
    "Column {column} reaches {layer} with numbers of about {size} (deviation {deviation}), "
    "where about 1 suits the weights.": (
        "列 {column} 到达 {layer} 时约为 {size}（标准差 {deviation}），而适合权重的大小约为 1。"
    ),
    "Each row of the targets has one 1 among {width} columns, so they are classes, and {loss} "
    "takes each column for itself.": (
        "目标的每一行在 {width} 列中只有一个 1，因此是类别，而 {loss} 把每一列分开看。"
    ),
    "The gradient grows from {last} at {end} to {first} at the outputs of {layer}: a step that "
    "suits one layer is far too long for another.": (
        "梯度从 {end} 处的 {last} 增大到 {layer} 输出处的 {first}：适合一层的步长对另一层太长。"
    ),
    "The gradient that reaches the outputs of {layer} is {first}, and {last} at {end}: the "
    "first layers hardly learn.": (
        "到达 {layer} 输出的梯度为 {first}，而 {end} 处为 {last}：前面的层几乎学不到。"
    ),
    "The targets are 0 and 1 only; {loss} hardly punishes a sure answer that is wrong.": (
        "目标只有 0 和 1；{loss} 几乎不惩罚有把握的错误答案。"
    ),
    "The targets are {classes} integers from 0 on; if they are classes, {loss} takes them for "
    "amounts: class 2 as twice class 1.": (
        "目标是从 0 开始的 {classes} 个整数；如果它们是类别，{loss} 会把它们当作数量：类别 2 "
        "是类别 1 的两倍。"
    ),
    "The targets have mean {mean} and deviation {deviation}, a new network gives numbers of "
    "about 1, and {share} of their variance is not explained.": (
        "目标的平均值为 {mean}，标准差为 {deviation}，新网络给出的数约为 1；方差的 {share} 没"
        "有得到解释。"
    ),
    "{dead} of the {count} units of {layer} are 0 for each of {rows} rows, so nothing is "
    "learned through them.": (
        "{layer} 的 {count} 个单元中有 {dead} 个对全部 {rows} 行都为 0，通过它们学不到任何东西。"
    ),
    "{share} of the outputs of {layer} lie at the ends of its {kind}, where its slope is "
    "nearly 0.": ("{layer} 的输出有 {share} 位于 {kind} 的两端，那里的斜率几乎为 0。"),
    "{share} of the targets ({low} to {high}) lie outside of what the last layer can give: it "
    "ends in {activation}, from {from_} to {to}.": (
        "目标（{low} 至 {high}）有 {share} 超出最后一层能给出的范围：它以 {activation} 结尾，"
        "只能给出 {from_} 至 {to}。"
    ),
    # --- while a training runs
    "In {epochs} epochs the loss has fallen from {first} to {now} only, and falls on.": (
        "{epochs} 轮中损失只从 {first} 降到 {now}，并且仍在下降。"
    ),
    "Over-fitting has begun: the validation loss was lowest in epoch {epoch} ({best}) and is "
    "now {now}, while the loss falls.": (
        "过拟合已经开始：验证损失在第 {epoch} 轮最低（{best}），现在为 {now}，而训练损失仍在下降。"
    ),
    "The loss rose in {rises} of {epochs} epochs, from {lowest} at its lowest to {now}.": (
        "{epochs} 轮中有 {rises} 轮的损失上升，从最低的 {lowest} 到现在的 {now}。"
    ),
}
