"""A page as a browser would read it."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """What a browser would find in a page: its elements, the addresses it would load, its text."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.addresses, self.said = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)
        self.addresses += [value for name, value in attributes if name in {"src", "href", "srcset", "data"}]
        if tag not in {"meta", "img", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.said.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.said).split())
