"""The colours and fonts of the app: those of the product's pages, with fonts of the machine."""

import gradio as gr

FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
MONOSPACE = ("ui-monospace", "SF Mono", "Menlo", "Consolas", "monospace")


def theme() -> gr.themes.Base:
    """Returns the theme, which loads no font over the network."""
    fonts = [[gr.themes.Font(name) for name in names] for names in (FONTS, MONOSPACE)]
    made = gr.themes.Base(
        primary_hue="fuchsia", neutral_hue="stone", font=fonts[0], font_mono=fonts[1]
    )
    return made.set(
        body_background_fill="#fbfaf8",
        body_background_fill_dark="#161513",
        body_text_color="#22211f",
        body_text_color_dark="#ece9e3",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#1f1e1b",
        body_text_color_subdued="#6b6862",
        body_text_color_subdued_dark="#a19d94",
        block_info_text_color="#6b6862",
        block_info_text_color_dark="#a19d94",
        block_title_text_color="#22211f",
        block_title_text_color_dark="#ece9e3",
        input_placeholder_color="#77736c",
        input_placeholder_color_dark="#98948b",
        border_color_primary="#e4e1db",
        border_color_primary_dark="#35332f",
        color_accent="#b0489a",
        button_primary_background_fill="#801f6c",
        button_primary_background_fill_dark="#801f6c",
        button_primary_background_fill_hover="#9a3a86",
        button_primary_background_fill_hover_dark="#9a3a86",
        button_primary_text_color="#ffffff",
    )
