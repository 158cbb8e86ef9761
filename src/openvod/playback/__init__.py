"""The playback room: what plays before any task ran, cut from the bytes that were uploaded.

It promises that a file with H.264 and AAC plays as HLS from its stored bytes alone: ``index`` reads where the samples
lie, ``segments`` plans and writes what stands between them, ``lists`` and ``names`` say how they are addressed,
``service`` caches indexes, ``sources`` lists what a player can play a file from. It refuses to decode, to
copy media and to trust any count that a file claims. Start in ``index``.
"""
