"""An Excel workbook of one sheet, written part by part, so that a test can put anything into it."""

from __future__ import annotations

import io
import zipfile
from html import escape

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_OFFICE = "http://schemas.openxmlformats.org"
_SHEET = f'xmlns="{_OFFICE}/spreadsheetml/2006/main" xmlns:r="{_OFFICE}/officeDocument/2006/relationships"'
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELATION = f"{_OFFICE}/officeDocument/2006/relationships"


def parts(cells: str, *, after: str = "", epoch: int = 1900, sheet: str = "Data") -> dict[str, str]:
    """Returns the parts of a workbook whose sheet has these `row` elements; style 1 is a day, 2 a day and time."""
    properties = '<workbookPr date1904="1"/>' if epoch == 1904 else "<workbookPr/>"
    return {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_OFFICE}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_OFFICE}/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATION}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f"{_HEAD}<workbook {_SHEET}>{properties}"
        f'<sheets><sheet name="{sheet}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_OFFICE}/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATION}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_RELATION}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f"{_HEAD}<styleSheet {_SHEET}>"
        '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f"{_HEAD}<worksheet {_SHEET}><sheetData>{cells}</sheetData>{after}</worksheet>",
    }


def packed(members: dict[str, str]) -> bytes:
    """Returns the parts as a zip."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def row(number: int, *cells: str) -> str:
    """Returns a row of cells from column A on, each as a text, or as its own XML where it starts with `<`."""
    written = [
        cell.replace("<c", f'<c r="{chr(65 + column)}{number}"', 1)
        if cell.startswith("<")
        else f'<c r="{chr(65 + column)}{number}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
        for column, cell in enumerate(cells)
    ]
    return f'<row r="{number}">{"".join(written)}</row>'


def value(text: str, kind: str = "n", style: int = 0) -> str:
    """Returns a cell with a stored value."""
    return f'<c t="{kind}" s="{style}"><v>{text}</v></c>'
