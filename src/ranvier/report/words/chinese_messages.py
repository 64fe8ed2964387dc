"""What tables and tasks say of their choices, in Chinese, by the template in English."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    # --- what is chosen
    "augmentation": "数据增强",
    "batch size": "批大小",
    "color": "颜色",
    "column left out": "略去的列",
    "column {name}": "列 {name}",
    "compression": "压缩",
    "constants": "常量列",
    "copies": "重复的列",
    "delimiter": "分隔符",
    "encoding": "编码",
    "end of training": "训练结束",
    "epochs": "轮次",
    "few rows": "行数很少",
    "header": "表头",
    "identifiers": "标识符",
    "imbalance": "类别不平衡",
    "length": "长度",
    "lines left out": "略去的行",
    "logarithm": "取对数",
    "metric": "评价指标",
    "more columns than rows": "列数多于行数",
    "name": "列名",
    "network": "网络",
    "networks": "网络数",
    "positive class": "正类",
    "quotes": "引号",
    "rare classes": "稀少的类别",
    "repeated rows": "重复的行",
    "rows without a target": "没有目标值的行",
    "season": "周期",
    "share of the trees": "决策树的权重",
    "sheet": "工作表",
    "size": "尺寸",
    "split": "数据划分",
    "task": "任务",
    "training": "训练",
    "words": "词",
    # --- reading a file
    "a byte-order mark": "有字节顺序标记",
    "a cell goes on after its closing {mark}": "单元格在右引号 {mark} 之后仍有内容",
    "a {mark} opens here and is never closed": "此处的 {mark} 没有配对的右引号",
    "another number of fields than the header": "字段数与表头不同",
    "bars": "竖线",
    "blanks": "空格",
    "by the first bytes of the file": "根据文件的开头字节",
    "bytes as in Japanese text": "字节与日文文本相符",
    "cells in single quotes hold the delimiter": "单引号内的单元格含有分隔符",
    "column {number} has no name": "第 {number} 列没有列名",
    "column {number} is called {name} as one before it is": (
        "第 {number} 列与前面的列同名（{name}）"
    ),
    "commas": "逗号",
    "every other byte is zero": "每隔一个字节为零",
    "every row has {row} fields and the header {header}: the first column has no name": (
        "每行有 {row} 个字段而表头有 {header} 个：第一列没有列名"
    ),
    "fields would not fit": "字段数不符",
    "its bytes above 127 stand in pairs, as in Chinese text": "大于 127 的字节成对出现，如中文文本",
    "line {line} is no UTF-8; {reason}": "第 {line} 行不是 UTF-8；{reason}",
    "line {line}: {problem}": "第 {line} 行：{problem}",
    "long runs of bytes above 127, as in Cyrillic text": "大于 127 的字节连续出现，如西里尔文文本",
    "long runs of bytes above 127, as in Cyrillic text with small letters low": (
        "大于 127 的字节连续出现，如小写字母编码较低的西里尔文文本"
    ),
    "no name and no value: the lines end in a delimiter": "既无列名也无值：各行以分隔符结尾",
    "no number in the first line": "首行没有数字",
    "no number in the first line, numbers below it": "首行没有数字，其下各行有数字",
    "none: columns are called column_1, ...": "无：各列命名为 column_1 等",
    "one column: the first line holds no delimiter": "只有一列：首行没有分隔符",
    "ordinary characters": "当作普通字符",
    "semicolons": "分号",
    "single bytes above 127 that cp1252 does not have": "含有 cp1252 没有的单个大于 127 的字节",
    "single bytes above 127, as in western text": "单个大于 127 的字节，如西欧文本",
    "tabs": "制表符",
    "the file has one line": "文件只有一行",
    "the first line": "首行",
    "the first line differs from the lines below it": "首行与其下各行不同",
    "the first line has {count} fields by {marks}": "按{marks}分隔，首行有 {count} 个字段",
    "the first line holds {count} numbers": "首行含有 {count} 个数字",
    "the first line is {line}": "首行是 {line}",
    "the first of {count} that holds rows: {sheets}": "{count} 个工作表中第一个有数据的：{sheets}",
    "the first {count}": "前 {count} 行",
    "the numbers in the first line count up, as years do": "首行的数字逐一递增，如年份",
    "they have fewer fields than the {count} of the table": "字段数少于表格的 {count} 个",
    "they repeat the header": "与表头重复",
    "words that do not occur again below them": "首行的词在其下没有再出现",
    "{cell} in the first line is a value as in the lines below it": (
        "首行的 {cell} 与其下各行一样是数值"
    ),
    "{cell} in the first line occurs again in the same column": "首行的 {cell} 在同一列中再次出现",
    "{count} fields in every line by blanks": "按空格分隔，每行 {count} 个字段",
    "{count} fields in {share} of the lines by {marks}": (
        "按{marks}分隔，{share} 的行有 {count} 个字段"
    ),
    "{mark} inside cells": "单元格内为 {mark}",
    "{problem}; with them every line fits": "{problem}；这样每行都相符",
    "{problem}; without them every line fits": "{problem}；不用引号则每行都相符",
    # --- the plan
    "R2": "R²",
    "a number with {count} different values": "数值，有 {count} 个不同的值",
    "alone it reaches {measure} {score} on rows held out; is it known before the target is?": (
        "单凭这一列在留出行上的{measure}就达到 {score}；它在目标值之前就已知吗？"
    ),
    "alone it reaches {measure} {score}: rows stand in an order, or their names hold more than a "
    "name": "单凭这一列的{measure}就达到 {score}：各行有某种次序，或其名称含有更多信息",
    "an identifier that tells the target": "能透露目标值的标识符",
    "and {count} more": "另有 {count} 列",
    "as asked": "按要求",
    "as many of each class on both sides": "两边各类别比例相同",
    "at random although there are dates": "虽有日期仍随机划分",
    "by {column}": "按 {column} 分组",
    "columns that fit by chance cannot be told from those that matter": (
        "无法区分偶然吻合的列与真正有用的列"
    ),
    "copies of a row can stand on both sides of the split, which flatters the score": (
        "同样的行可能同时出现在划分的两边，使得分虚高"
    ),
    "in the target's unit": "与目标的单位相同",
    "left out": "略去",
    "may give the answer away": "可能泄露答案",
    "no rows held out": "不留出测试行",
    "nothing to learn from them": "从中学不到东西",
    "probabilities are judged, not labels alone": "评价的是概率，而不只是类别",
    "random, {share} of the rows held out": "随机划分，留出 {share} 的行",
    "rows are not resampled; accuracy says little, look at the other measures": (
        "没有重采样；准确率意义不大，请看其他指标"
    ),
    "rows at random": "随机取行",
    "scores on so few rows are uncertain": "行数这么少，得分不太确定",
    "stratified, {share} of the rows held out": "分层划分，留出 {share} 的行",
    "the area under the ROC curve": "ROC 曲线下面积",
    "the higher": "次序较高的一类",
    "the last {share} by {column}": "按 {column} 排在最后的 {share}",
    "the same as the target in every row": "每一行都与目标相同",
    "the same as {column} in every row": "每一行都与 {column} 相同",
    "there is no other column; a model that knows rows by their names says little about others": (
        "没有其他列可用；靠名称认识各行的模型对别的行说明不了什么"
    ),
    "they cannot be tested": "无法测试",
    "two classes: {first} and {second}": "两个类别：{first} 和 {second}",
    "used: {columns}": "使用：{columns}",
    "{columns}": "{columns}",
    "{columns} and {rows}": "{columns} 列和 {rows} 行",
    "{column} is a date: to predict later rows from earlier ones, the last rows must be held out": (
        "{column} 是日期：若要用较早的行预测较晚的行，应留出最后的行"
    ),
    "{count} classes": "{count} 个类别",
    "{count} classes; they have an order, which is not used": (
        "{count} 个类别；它们有次序，但没有使用"
    ),
    "{count} integers that count up from {low}, as labels do; a quantity is --task regression": (
        "{count} 个从 {low} 起递增的整数，如类别标签；若是数量请用 --task regression"
    ),
    "{count} integers that have an order: predicted as a number; classes are --task multiclass": (
        "{count} 个有次序的整数：当作数值预测；若是类别请用 --task multiclass"
    ),
    "{count} kept": "保留 {count} 行",
    "{count} left out": "略去 {count} 个",
    "{count} with a single row": "{count} 个类别只有一行",
    "{label} has {share} of the rows": "{label} 占 {share} 的行",
    "{label} is the positive answer": "{label} 是肯定的回答",
    "{label} is the rarer of the two": "{label} 是两类中较少的一类",
    "{name}: {reason}": "{name}：{reason}",
    "{share} of the rows held out, no {column} on both sides": (
        "留出 {share} 的行，同一 {column} 不会出现在两边"
    ),
    "the last {share} of the rows": "最后 {share} 的行",
    # --- training
    "Ctrl-C": "Ctrl-C 中断",
    "after {time}": "{time} 之后",
    "held-out {score} {first} and {other}, together {both}": (
        "留出行上的 {score}：{first} 与 {other}，合用 {both}"
    ),
    "network and trees: {reason}": "网络与决策树：{reason}",
    "second recipe": "第二种配方",
    "the plan": "计划完成",
    "the time": "时间用完",
    "{count} epochs": "{count} 轮",
    "{count} fit into {time}": "{time} 内可训练 {count} 个",
    "best on held-out rows: {best}": "留出行上最好的一轮：{best}",
    "no time was left for more": "没有剩余时间训练更多",
    "{count} networks, weight {share}": "{count} 个网络，权重 {share}",
    "{share}, {count} forests": "{share}，{count} 个森林",
    "{count} of {members} members": "{count} 个，各有 {members} 个成员",
    "{rows} rows to learn from": "有 {rows} 行可学习",
    "{speed} rows a second; best on held-out rows: {best}": (
        "每秒 {speed} 行；留出行上最好的一轮：{best}"
    ),
    # --- pictures, texts, series
    "98 of 100 texts are no longer": "100 个文本中有 98 个不超过此长度",
    "CNN of {count} numbers": "有 {count} 个参数的卷积网络",
    "Kim 2014": "Kim 2014",
    "TextCNN of {count} numbers": "有 {count} 个参数的 TextCNN",
    "as asked for": "按要求",
    "as one season ago": "与一个季节周期之前相同",
    "forecast": "预测",
    "nothing learned was better on rows held out": "学到的都不如留出行上的简单预测",
    "ended by Ctrl-C": "由 Ctrl-C 结束",
    "ended by epochs": "达到最多轮次而结束",
    "ended by patience": "不再改进而结束",
    "ended by time": "时间用完而结束",
    "it repeats itself so": "序列按此重复",
    "none was seen": "没有发现周期",
    "of the past, for each forecast": "每次预测所用的历史长度",
    "photographs": "照片",
    "shifted, turned and scaled a little, mirrored": "略作平移、旋转和缩放，并作镜像",
    "shifted, turned and scaled a little, not mirrored": "略作平移、旋转和缩放，不作镜像",
    "signs may not be mirrored": "符号不可镜像",
    "swings grow with the level": "波动随水平增大",
    "the pictures are {height} x {width}": "图片为 {height} × {width}",
    "those that stand twice in the rows to train on": "在训练行中至少出现两次的词",
    "{count} halvings of {height} x {width} pixels": "{height} × {width} 像素减半 {count} 次",
    "{count} points": "{count} 个点",
    "{count} words": "{count} 个词",
    "{gray} of {count} pictures looked at have no colour": (
        "抽查的 {count} 张图片中有 {gray} 张没有颜色"
    ),
    "{height} x {width} pixels": "{height} × {width} 像素",
    # --- columns
    "',' is the decimal mark, as in {example}": "逗号是小数点，如 {example}",
    "',' stands between thousands, as in {example}": "逗号是千位分隔符，如 {example}",
    "'.' stands between thousands": "句点是千位分隔符",
    "1 level": "1 个水平",
    "all values differ and stand in order: if it only names the row, --as "
    "{column}=identifier leaves it out": (
        "所有值各不相同且有序：如果只是行的名称，可用 --as {column}=identifier 略去"
    ),
    "amounts of money in {currencies}": "金额（{currencies}）",
    "as asked: {levels}": "按要求：{levels}",
    "as in {example}": "如 {example}",
    "blanks or apostrophes stand between thousands": "空格或撇号是千位分隔符",
    "by number, as asked": "按要求以数值排序",
    "by the numbers in them": "按其中的数字排序",
    "dates": "日期",
    "dates by their type": "按类型是日期",
    "dates written {forms}": "日期，写作 {forms}",
    "dates written {forms}; {count} spellings": "日期，写作 {forms}；{count} 种写法",
    "dates, {order}: {why}": "日期，{order}：{why}",
    "day first": "日在前",
    "different cells hold the same number: read as they stand": (
        "不同的单元格是同一个数：按原样读取"
    ),
    "every cell is missing": "所有单元格都缺失",
    "every cell is {value}": "所有单元格都是 {value}",
    "far above every other value: read as missing": "远高于其他所有值：按缺失处理",
    "far below every other value: read as missing": "远低于其他所有值：按缺失处理",
    "finite numbers": "有限的数",
    "impossible by the name, the next value is {next}: read as missing": (
        "按列名不可能出现，次小的值为 {next}：按缺失处理"
    ),
    "integers": "整数",
    "integers of {digits} digits of which few occur, and those {times} times each: codes "
    "rather than quantities": ("{digits} 位整数，只出现少数几种，各约 {times} 次：是代码而非数量"),
    "integers that are codes, by the name ({words})": "按列名（{words}）是作代码用的整数",
    "it counts the rows": "是行的编号",
    "it may stand for missing or be a limit": "可能表示缺失，也可能是上限",
    "milliseconds": "毫秒数",
    "mixed: {share} of the cells are numbers, others are such as {example}; --as "
    "{column}=number makes those missing": (
        "混合：{share} 的单元格是数字，其他的如 {example}；用 --as {column}=number 可把后者当作缺失"
    ),
    "month first": "月在前",
    "named like one, {share} of its values differ": "列名像标识符，{share} 的值各不相同",
    "names such as '007', by their zeros": "以零开头，是 '007' 这样的名称",
    "negative ones in parentheses": "负数写在括号中",
    "no number is above 12, so the data do not say whether day or month comes first; taken "
    "as {order}": ("没有大于 12 的数，数据无法说明日与月哪个在前；按{order}处理"),
    "nothing else is there": "没有其他列可用",
    "numbers": "数字",
    "numbers in units or formats that do not go together, such as {first} and {other}: "
    "read as they stand": ("数字的单位或格式不一致，如 {first} 与 {other}：按原样读取"),
    "numbers of {digits} digits, {share} of them differ": "{digits} 位数字，{share} 各不相同",
    "numbers with the unit {unit}": "带单位 {unit} 的数字",
    "numbers with the units {units}": "带单位 {units} 的数字",
    "percentages": "百分数",
    "read so ({order}), the rows stand in order of time": "这样读（{order}）各行按时间有序",
    "seconds": "秒数",
    "the first number goes up to {number}, so it is the day": "第一个数最大为 {number}，所以是日",
    "the greatest value, {value}, is far from the next, {next}": (
        "最大值 {value} 与次大值 {next} 相差很远"
    ),
    "the least value, {value}, is far from the next, {next}": (
        "最小值 {value} 与次小值 {next} 相差很远"
    ),
    "the only negative value: it may stand for missing": "唯一的负值：可能表示缺失",
    "the only negative value: read as missing": "唯一的负值：按缺失处理",
    "the second number goes up to {number}, so it is the day": "第二个数最大为 {number}，所以是日",
    "the year {year} is likely a mistake": "年份 {year} 很可能有误",
    "time zones {zones} are left out: times are as written": "略去时区 {zones}：时间按所写的读取",
    "times of day in hours": "一天中的时刻（小时）",
    "two answers: {no} and {yes}": "两种回答：{no} 和 {yes}",
    "two integers": "两个整数",
    "words of a scale": "等级用词",
    "words of which {share} differ": "词，{share} 各不相同",
    "{count} cells are bounds, such as {example}: read as the number": (
        "{count} 个单元格是界限，如 {example}：按其中的数读取"
    ),
    "{count} cells are infinite: read as missing": "{count} 个单元格为无穷大：按缺失处理",
    "{count} cells are no {what}, such as {examples}: read as missing": (
        "{count} 个单元格不是{what}，如 {examples}：按缺失处理"
    ),
    "{count} cells are {words}: read as missing": "{count} 个单元格为 {words}：按缺失处理",
    "{count} characters in a cell without blanks": "单元格约 {count} 个字符且没有空格",
    "{count} levels": "{count} 个水平",
    "{count} levels differ from others in upper or lower case alone: read as the same": (
        "{count} 个水平与其他水平只有大小写之别：视为相同"
    ),
    "{count} spellings have a percent sign, others do not, as {example}: read alike": (
        "{count} 种写法带百分号，其他的不带，如 {example}：同样读取"
    ),
    "{count} values occur again: rows of the same {column} can be kept on one side of the "
    "split with --group {option}": (
        "{count} 个值重复出现：用 --group {option} 可使同一 {column} 的行留在划分的同一边"
    ),
    "{days} cells have a day first and {months} a month first: the spellings are mixed, "
    "the rest is read as the more frequent one": (
        "{days} 个单元格日在前，{months} 个月在前：写法混用，其余按较常见的读取"
    ),
    "{mark} is the decimal mark, as asked": "按要求以 {mark} 为小数点",
    "{reasons}": "{reasons}",
    "{reason}, as asked": "{reason}，按要求",
    "{reason}, {levels}": "{reason}，{levels}",
    "{reason}: {levels}": "{reason}：{levels}",
    "{unit} since 1970, by the name and the size of the numbers": (
        "按列名与数值大小，是自 1970 年起的{unit}"
    ),
    "{value} has no rank: read as missing": "{value} 没有等级：按缺失处理",
    "{value} in {share} of the rows is a level of its own": (
        "{value} 占 {share} 的行，自成一个水平"
    ),
    "{value} in {share} of the rows is {what}": "{value} 占 {share} 的行，{what}",
    "{value} in {share} of the rows: {what}": "{value} 占 {share} 的行：{what}",
    "{value} or missing ({share})": "{value} 或缺失（{share}）",
    "{why}; --as {column}=date:dmy or =date:mdy says it": (
        "{why}；可用 --as {column}=date:dmy 或 =date:mdy 指定"
    ),
    "{words} words in a cell, {share} of the cells differ": (
        "单元格约 {words} 个词，{share} 的单元格各不相同"
    ),
}
