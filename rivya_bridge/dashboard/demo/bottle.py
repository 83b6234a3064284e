"""The demo's reference picture: a bottle on a plain ground, drawn here."""

from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter

SIZE = (640, 800)


def draw_bottle() -> bytes:
    """A PNG of a green glass bottle, always the same bytes for one version of Pillow."""
    scale = 2
    picture = Image.new("RGB", (SIZE[0] * scale, SIZE[1] * scale), "#f2f0ea")
    shadow = Image.new("L", picture.size, 0)
    ImageDraw.Draw(shadow).ellipse((360, 1420, 1000, 1500), fill=120)
    picture.paste("#8d8a80", mask=shadow.filter(ImageFilter.GaussianBlur(24)))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((430, 560, 850, 1460), radius=110, fill="#1f6b45")
    draw.polygon([(545, 420), (735, 420), (850, 680), (430, 680)], fill="#1f6b45")
    draw.rectangle((560, 180, 720, 440), fill="#1f6b45")
    draw.rounded_rectangle((540, 130, 740, 230), radius=24, fill="#c8a24a")
    draw.rounded_rectangle((455, 820, 825, 1240), radius=20, fill="#efe9d8")
    draw.line((500, 930, 780, 930), fill="#1f6b45", width=14)
    draw.line((500, 990, 700, 990), fill="#c8a24a", width=10)
    shine = Image.new("L", picture.size, 0)
    ImageDraw.Draw(shine).rounded_rectangle((475, 640, 520, 1380), radius=22, fill=150)
    picture.paste("#bfe6cf", mask=shine.filter(ImageFilter.GaussianBlur(12)))
    out = BytesIO()
    picture.resize(SIZE, Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()
