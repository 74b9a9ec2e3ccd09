"""What is written for LaTeX is ASCII, its commands are plain LaTeX's and booktabs', its braces and dollars pair up.

Texts that need other packages than booktabs, or another engine than pdfLaTeX, would not compile where they are pasted.
"""

import re

PLAIN = {
    *("begin", "end", "toprule", "midrule", "bottomrule", "textbf", "dots", "surd", "infty", "to"),
    *("textbackslash", "textasciitilde", "textasciicircum", "pm", "times", "cdot", "leq", "geq", "approx"),
    *("alpha", "beta", "gamma", "delta", "varepsilon", "eta", "kappa", "lambda", "mu", "rho", "sigma", "tau"),
    *("varphi", "psi", "omega", "Delta", "Lambda", "Sigma", "Phi", "Psi", "Omega"),
}
"""Commands without a package, beside the rules of booktabs."""


def assert_compiles(text):
    assert text.isascii(), sorted({mark for mark in text if not mark.isascii()})
    bare = re.sub(r"^%.*$", "", text, flags=re.MULTILINE)
    bare = re.sub(r"\\\\|\\[&%$#_{}|]", "·", bare)  # line ends, escaped marks, the bars of a norm
    assert set(re.findall(r"\\([A-Za-z]+)", bare)) <= PLAIN
    assert not re.findall(r"\\[^A-Za-z]", bare)
    assert bare.count("$") % 2 == 0
    assert bare.count("{") == bare.count("}")
    assert "$$" not in bare
    for math in bare.split("$")[1::2]:
        assert not re.search(r"([_^])\{[^}]*\}\1", math), f"two indices of one kind in a row: {math}"
    for words in bare.split("$")[::2]:
        assert not re.search(r"[_^<>|]", words)
