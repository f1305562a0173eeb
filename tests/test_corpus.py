import pytest

from skillscale.lab import corpus


def test_no_paragraph_occurs_twice():
    # modules keep their text as it is; the reference, which quotes itself, is what is cleaned
    sections = corpus._reference_sections()
    paragraphs = [" ".join(part.split()) for text in sections for part in text.split("\n\n")]
    assert len(sections) > 50
    assert len(paragraphs) == len(set(paragraphs))


def test_drawn_lines_and_repeated_paragraphs_go(monkeypatch):
    long = "Heading\n*******\n\nA paragraph.\n\n   +---+\n   | 1 |\n   +---+\n\nThe\nend of it."
    short = "A   paragraph.\n\nNews."
    monkeypatch.setattr("pydoc_data.topics.topics", {"short": short, "long": long})
    monkeypatch.setattr(corpus, "_SHORTEST", 1)
    assert corpus._reference_sections() == [
        "Heading\n\nA paragraph.\n\nThe\nend of it.",
        "News.",
    ]


def test_modules_are_the_whole_files_of_a_length_in_the_order_of_their_names(monkeypatch, tmp_path):
    lengths = {"b": 60_000, "a": 2_000, "c": 60_001, "d": 1_999, "_e": 3_000, "f": 2_500}
    for name, length in lengths.items():
        (tmp_path / f"{name}.py").write_text((name * length)[:length])
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "g.py").write_text("g" * 3_000)
    monkeypatch.setattr(corpus.sysconfig, "get_paths", lambda: {"stdlib": str(tmp_path)})
    monkeypatch.setattr("pydoc_data.topics.topics", {"long": "x" * 200, "short": "y" * 199})
    found = ["x" * 200, "a" * 2_000, "b" * 60_000, "f" * 2_500]
    assert corpus.python_documents() == tuple(found)


def test_documents_do_not_depend_on_the_call():
    assert corpus.python_documents() == corpus.python_documents()


def test_split_is_a_partition():
    texts = [str(i) * (1 + i % 7) for i in range(100)]
    train, test = corpus.split_sections(texts, held_out=0.3, seed=1)
    assert sorted(train + test) == sorted(texts)
    share = sum(map(len, test)) / sum(map(len, texts))
    # the split falls on a document's end, and the longest has 14 of about 500 characters
    assert 0.3 <= share < 0.34
    assert train != tuple(texts[: len(train)])
    assert corpus.split_sections(texts, held_out=0.3, seed=1) == (train, test)
    assert corpus.split_sections(texts, held_out=0.3, seed=2) != (train, test)


@pytest.mark.parametrize("held_out", [1e-9, 1 - 1e-9])
def test_neither_part_of_a_split_is_empty(held_out):
    train, test = corpus.split_sections(["a", "b"], held_out=held_out, seed=0)
    assert len(train) == len(test) == 1


def test_round_trip():
    documents = corpus.python_documents()
    tokenizer = corpus.build_tokenizer(documents, n_tokens=300)
    assert len(tokenizer.vocabulary) == len(set(tokenizer.vocabulary)) == 300
    text = "def unheard_of(x):\n    return x + 42  # 'quoted'\n"
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.decode(tokenizer.encode("naïve")) == "na\N{REPLACEMENT CHARACTER}ve"


def test_the_vocabulary_holds_the_most_frequent_pieces():
    text = " rare" + " often" * 3 + " second" * 2
    base = corpus.build_tokenizer([], n_tokens=97).vocabulary
    for more, pieces in ((1, {" often"}), (2, {" often", " second"})):
        tokenizer = corpus.build_tokenizer([text], n_tokens=97 + more)
        assert set(tokenizer.vocabulary) - set(base) == pieces


def test_a_newline_keeps_its_indentation_and_a_word_its_space():
    tokenizer = corpus.build_tokenizer(["if x:\n    return x"] * 5, n_tokens=102)
    pieces = [tokenizer.vocabulary[i] for i in tokenizer.encode("if x:\n    return x")]
    assert pieces == ["if", " x", ":", "\n    ", "return", " x"]


def test_windows_cover_each_token_once():
    documents = [list(range(100, 141)), [1, 2, 3], list(range(200, 213))]
    rows = corpus.windows(documents, context=8)
    assert rows.shape[1] == 9
    late = rows[:, 5:].flatten().tolist()
    assert len(late) == len(set(late))
    # 41 tokens: windows start at 0, 4, … 32, and targets run from 105 to the last, 140
    assert [token for token in late if token < 200] == list(range(105, 141))
    assert all(set((row // 100).tolist()) in ({1}, {2}) for row in rows)
