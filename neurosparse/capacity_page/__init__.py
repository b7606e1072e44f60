"""The capacity calculator as a page of this machine: sliders, live curves, the figures of 1601.00720 as theory lines.

    design    what the sliders say, held to what is possible
    curves    the four live plots as arrays; numbers  the table beside them
    figures   figures 4A to 7B of the paper as arrays
    look      how it is drawn: plots, axes of powers of ten, colours, sheets of style
    page      the document of one visitor; server  Bokeh's server on the loopback, and its end

Bokeh (extra `page`) is imported by look, page and server only. Started by `neurosparse capacity serve`.
"""
