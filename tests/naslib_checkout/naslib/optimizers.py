"""The regularised evolution of NASLib, as its optimiser runs it: models with an `arch` and an `accuracy`."""

import collections
from types import SimpleNamespace

import numpy as np

from naslib.search_spaces.core.query_metrics import Metric


class RegularizedEvolution:
    def __init__(self, dataset, sample_size, population_size):
        self.dataset, self.sample_size, self.population_size = dataset, sample_size, population_size
        self.population = collections.deque(maxlen=population_size)
        self.history = []

    def adapt_search_space(self, search_space, dataset_api):
        self.search_space, self.dataset_api = search_space.clone(), dataset_api

    def new_epoch(self, epoch):
        model = SimpleNamespace(arch=self.search_space.clone())
        if epoch < self.population_size:
            model.arch.sample_random_architecture(dataset_api=self.dataset_api)
        else:
            sample = [self.population[i] for i in np.random.randint(len(self.population), size=self.sample_size)]  # noqa: NPY002
            parent = max(sample, key=lambda one: one.accuracy)
            model.arch.mutate(parent.arch, dataset_api=self.dataset_api)
        model.accuracy = model.arch.query(Metric.VAL_ACCURACY, self.dataset, dataset_api=self.dataset_api)
        self.population.append(model)
        self.history.append(model)

    def train_statistics(self):
        best = max(self.history, key=lambda one: one.accuracy).arch
        metrics = (Metric.TRAIN_ACCURACY, Metric.VAL_ACCURACY, Metric.TEST_ACCURACY, Metric.TRAIN_TIME)
        return tuple(best.query(metric, self.dataset, dataset_api=self.dataset_api) for metric in metrics)
