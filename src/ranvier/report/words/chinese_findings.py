"""What a diagnosis says, in Chinese, by the template in English."""

from __future__ import annotations

FINDINGS: dict[str, str] = {
    # --- kinds
    "overfitting": "过拟合",
    # --- why a check was left out
    "no history of a training": "没有训练记录",
    "no loss": "没有损失函数",
    "no new data": "没有新数据",
    "no targets": "没有目标值",
    "no validation data": "没有验证数据",
    # --- training
    "The validation loss was lowest in epoch {epoch} ({best}) and is now {now}, while the loss on "
    "the rows it learns from fell to {train}: it learns them by heart.": (
        "验证损失在第 {epoch} 轮最低（{best}），现在为 {now}，而训练行上的损失降到了 {train}：网"
        "络在死记训练数据。"
    ),
}
