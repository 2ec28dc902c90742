"""What a search space can be asked for."""

from enum import Enum, auto


class Metric(Enum):
    RAW = auto()
    TRAIN_ACCURACY = auto()
    VAL_ACCURACY = auto()
    TEST_ACCURACY = auto()
    TRAIN_TIME = auto()
