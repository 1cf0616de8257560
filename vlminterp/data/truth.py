"""Finds the truth in a row of a table: a mask, COCO's segmentation, or boxes."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vlminterp.data.boxes import BoxFormat, boxes_mask, parse_boxes
from vlminterp.data.masks import read_mask
from vlminterp.data.pictures import Pictures, Where, reading
from vlminterp.data.segmentations import check_segmentation, segmentation_mask
from vlminterp.errors import InputError

SAY_FORMAT = (
    "column bbox is written in different ways; say which: data.boxes=xywh (COCO's), "
    "xyxy or normalised"
)

LoadMask = Callable[[], NDArray[np.bool_]]


def truth_of(
    values: Mapping[str, object],
    picture: Where,
    pictures: Pictures,
    box_format: BoxFormat | None,
) -> LoadMask | None:
    """Finds where a row says that the thing named by its text is; draws nothing yet.

    Args:
        values: The row's values by column.
        picture: The picture that the truth belongs to.
        pictures: The pictures that the table may name, masks included.
        box_format: Format of the boxes; None where the user has not set it.

    Returns:
        A function that draws a mask `[height, width]`; None where the row has no truth.

    Raises:
        InputError: The truth is malformed, or might mean something else.
    """
    mask = values.get("mask")
    if isinstance(mask, str) and mask.lstrip().startswith("{"):
        mask = _from_json(mask, "mask")
    if isinstance(mask, Mapping) and "counts" in mask:
        return _segmentation(mask, picture)
    if (found := pictures.find(mask)) is not None:
        return reading(read_mask, found, picture)
    if segmentation := _from_json(values.get("segmentation"), "segmentation"):
        return _segmentation(segmentation, picture)
    boxes = _from_json(values.get("boxes"), "boxes")
    if not boxes and (boxes := _from_json(values.get("bbox"), "bbox")):
        if box_format is None:
            raise InputError(SAY_FORMAT)
        boxes = boxes if _is_list_of_lists(boxes) else [boxes]
    if not boxes:
        return None
    edges, shares = parse_boxes(boxes, box_format), box_format is BoxFormat.normalised
    return reading(partial(boxes_mask, edges, shares=shares), picture)


def _segmentation(value: object, picture: Where) -> LoadMask:
    check_segmentation(value)
    return reading(partial(segmentation_mask, value), picture)


def _from_json(value: object, column: str) -> object:
    """Reads a cell: JSON if it is a string, as in text tables; returns None if it is empty.

    Raises:
        InputError: It is a string, but no JSON.
    """
    if not isinstance(value, str) or not value.strip():
        return value or None
    try:
        return json.loads(value)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{column} are not JSON ({error})") from error


def _is_list_of_lists(value: object) -> bool:
    return isinstance(value, Sequence) and all(isinstance(one, Sequence) for one in value)
