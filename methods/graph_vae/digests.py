"""Digests of the stored weights, so that they count as code. Written by ``python studies/graph_vae_weights.py``."""

__all__ = ["DIGESTS"]

DIGESTS: dict[str, str] = {
    "darts": "7ec6fe5ee4f7f68b9cc2763cd98757a6838711a23dea490b1dd52017430447dc",
    "nasbench101": "231b208c0a527968336db4480f3714ea208135f3e3809dd461ab4839cbe67ec6",
    "nasbench201": "9c96c00d1f5e11bc90c59e042d4eb1fc2d72e492c8a75f4620e72cade129d862",
    "nasbench_graph": "10cf1ce870fc4e79f79d06b58dfe3e21e4168312046d4f9c332ce32ed61e1c28",
}
