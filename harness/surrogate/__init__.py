"""Surrogates: models of a sample table that answer for the whole space, kept in one open file and played as tasks.

**The file.** A NumPy archive (``.npz``) without pickles, so that nothing in it can be executed: it is read with
``numpy.load(file, allow_pickle=False)``. Its entry ``header`` is JSON in UTF-8 bytes, the others are the arrays of the
technique. Trees are kept as XGBoost writes them (Universal Binary JSON), any reader of which predicts the same.

| key of the header | meaning |
|---|---|
| ``format`` | ``equipoise-surrogate/1`` |
| ``technique`` | a file of ``harness/surrogate/techniques`` |
| ``table`` | the header of the table it was fitted to (`equipoise.harness.tables`) |
| ``table_digest`` | SHA-256 of that table |
| ``fitted``, ``seed`` | how many architectures were fitted, and the seed of the split and of the members |
| ``levels`` | one a fidelity: epochs, warp of the error, factor of the spread, and the held-out scores |
| ``cost`` | warp of the logarithm of the seconds of full training, and the share of them at each fidelity; or null |
| ``labels``, ``links`` | what the features count (`equipoise.harness.surrogate.features`) |
| ``digest`` | SHA-256 of the arrays and of the rest of the header |

**The scores** are of exactly the model in the file, on architectures that it has not seen: a tenth of the table, split
by class of isomorphic networks. **Noise** is drawn from a normal distribution whose width is the spread of the
ensemble's members, times the factor with which 68 % of the held-out values lie within one width.
"""
