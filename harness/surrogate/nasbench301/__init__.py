"""The ensembles of NAS-Bench-301 as this harness keeps and asks them.

The official archive holds pickles of XGBoost and LightGBM models. `equipoise.harness.data.official.nasbench301` reads
them with
an allow-list; here the members of an ensemble are joined into one model of their own library with an output a member
(`forest`), since a call costs more than the trees in it, kept in one file without pickles (`ensembles`), and asked with
the vector that the official package makes of a genotype (`vector`).
"""
