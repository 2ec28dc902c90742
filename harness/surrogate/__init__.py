"""Surrogate models, fitted to a sample table: tasks over the whole space, each kept in one open file.

**The file.** A NumPy archive (``.npz``) without pickles, so that nothing in it can be executed: it is read with
``numpy.load(file, allow_pickle=False)``. Its entry ``header`` is JSON in UTF-8 bytes, the others are the arrays of the
model. Trees are kept as XGBoost writes them (Universal Binary JSON), any reader of which predicts the same.

| key of the header | meaning |
|---|---|
| ``format`` | ``equipoise-surrogate/2``; files of version 1, which says ``technique`` and ``warp``, are read |
| ``model`` | a file of ``harness/surrogate/models`` |
| ``table`` | the header of the table it was fitted to (`equipoise.harness.tables`) |
| ``table_digest`` | SHA-256 of that table |
| ``fitted``, ``seed`` | size of the training part; seed of the split and of the members |
| ``levels`` | one per fidelity: epochs, transform of the error, factor of the spread, and the held-out scores |
| ``cost`` | transform of the logarithm of the seconds of full training, and their share at each fidelity; or null |
| ``labels``, ``links`` | the labels and edges that the features count (`equipoise.harness.surrogate.features`) |
| ``digest`` | SHA-256 of the arrays and of the rest of the header |

**The scores** are those of exactly the model in the file, on held-out architectures: a tenth of the table, split by
class of isomorphic networks. **Noise** is drawn from a normal distribution whose width is the spread of the
ensemble's members, times the factor with which 68 % of the held-out values lie within one width.
"""
