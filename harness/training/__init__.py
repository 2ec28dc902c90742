"""The real backend: images, networks, their training, and supernets.

PyTorch is imported only by the modules of this folder that need it, never by this one, by `images` or by `idx`.
"""
