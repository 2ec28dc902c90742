"""The ensembles of NAS-Bench-301, joined and kept without pickles.

The official archive holds pickles of XGBoost and LightGBM models. `equipoise.harness.data.official.nasbench301` reads
them with an allow-list. Here the members of an ensemble are joined into one model of their own library with one output
per member (`forest`), since a call costs more than the trees in it, and kept in one file without pickles (`ensembles`).
They predict from the vector that the official package makes of a genotype (`vector`).
"""
