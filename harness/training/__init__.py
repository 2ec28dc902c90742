"""Training of networks: image data sets, networks, trainers and supernets.

PyTorch is imported only by the modules of this folder that need it, never by this one, by `images` or by `idx`.
"""
