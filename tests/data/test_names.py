"""Class names as data sets write them become what texts call the class."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlminterp.data.cub import bird
from vlminterp.data.names import repaired, with_type_word


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("cat", "cat"),
        ("persian_cat", "persian cat"),
        ("persian-cat", "persian cat"),
        ("globe-flower", "globe flower"),
        ("wire-haired fox terrier", "wire-haired fox terrier"),
        ("n02095314-wire-haired_fox_terrier", "wire-haired fox terrier"),
        ("n02086240-Shih-Tzu", "Shih Tzu"),
        ("n02089078-black-and-tan_coonhound", "black-and-tan coonhound"),
        ("n01440764", "n01440764"),
        ("001.Black_Cat", "Black Cat"),
        ("12. dog", "dog"),
        ("07_owl", "owl"),
        ("0 - zebra", "zebra"),
        ("747_jet", "747 jet"),
        ("737-200", "737-200"),
        ("F-16A/B", "F-16A/B"),
        ("A300B4", "A300B4"),
        ("3.5mm_jack", "3.5mm jack"),
        ("2012", "2012"),
        ("tench, Tinca tinca", "tench"),
        ("pink-yellow dahlia?", "pink-yellow dahlia"),
        ("colt's foot", "colt's foot"),
        (" spaced__out  name ", "spaced out name"),
        ("_", "_"),
        ("Türkisch-Angora", "Türkisch Angora"),
    ],
)
def test_repairs(raw, name):
    assert repaired(raw) == name


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_name_is_one_line_and_never_empty(raw):
    name = repaired(raw)
    assert name
    assert name == raw or name == " ".join(name.split())


@pytest.mark.parametrize(
    ("name", "word", "whole"),
    [
        ("boxer", "dog", "boxer dog"),
        ("Maltese dog", "dog", "Maltese dog"),
        ("Maltese Dog", "dog", "Maltese Dog"),
        ("Shetland sheepdog", "dog", "Shetland sheepdog"),
        ("dogbane", "dog", "dogbane dog"),
        ("boxer", None, "boxer"),
        ("C++", "(language)", "C++ (language)"),
    ],
)
def test_type_words(name, word, whole):
    assert with_type_word(name, word) == whole


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("001.Black_footed_Albatross", "Black-footed Albatross"),
        ("009.Brewer_Blackbird", "Brewer's Blackbird"),
        ("013.Bobolink", "Bobolink"),
        ("022.Chuck_will_Widow", "Chuck-will's-widow"),
        ("034.Gray_crowned_Rosy_Finch", "Gray-crowned Rosy Finch"),
        ("038.Great_Crested_Flycatcher", "Great Crested Flycatcher"),
        ("105.Whip_poor_Will", "Whip-poor-will"),
        ("122.Harris_Sparrow", "Harris's Sparrow"),
        ("124.Le_Conte_Sparrow", "Le Conte's Sparrow"),
        ("126.Nelson_Sharp_tailed_Sparrow", "Nelson's Sharp-tailed Sparrow"),
        ("141.Artic_Tern", "Arctic Tern"),
        ("146.Forsters_Tern", "Forster's Tern"),
        ("159.Black_and_white_Warbler", "Black-and-white Warbler"),
        ("187.American_Three_toed_Woodpecker", "American Three-toed Woodpecker"),
    ],
)
def test_birds_get_their_hyphens_and_apostrophes_back(raw, name):
    assert bird(raw) == name
