"""The SDTM-shaped domains that landing writes, as data.

Names and meanings are SDTM's (CDISC SDTM v1.8 / SDTMIG 3.3), in lower case. A `treatment` variable reveals the arm:
landing writes it to the vault and nowhere else. Date variables (`...dtc`) stay ISO 8601 text, which may be partial.
The domains that models read (`analysed`) have the variables that tables are made of; the others all of their class.

Every landed row also has `studyid, siteid, usubjid` and its provenance `_delivery_id` (SHA-256 of the delivered file),
`_source_file`, `_source_row` (1 = first data row) and `_record` (position among the records made from that row).
"""

from __future__ import annotations

from pipelines.study.sdtm import (
    APART,
    DOSING,
    Domain,
    Variable,
    VariableType,
    design,
    domain,
    events,
    findings,
    interventions,
    named,
    qualifiers,
)

__all__ = ["DOMAINS", "KEYS", "PROVENANCE", "SQL_TYPES", "Domain", "Variable", "VariableType", "domain_of_dataset"]

KEYS = ("studyid", "siteid", "usubjid")
PROVENANCE = ("_delivery_id", "_source_file", "_source_row", "_record")
SQL_TYPES: dict[VariableType, str] = {"text": "varchar", "integer": "bigint", "number": "double", "date": "varchar"}


# `dx` (diagnosis), `stratum`, `period`, `fidelity`, `therapist` and `aesevini` (severity before the first dose) are
# supplemental qualifiers kept beside their parent domain, so that a study needs no SUPP-- file for them.
DOMAINS: dict[str, Domain] = {
    one.name: one
    for one in (
        domain(
            "dm",
            "Demographics",
            "subjid sex race ethnic country dx stratum arm armcd actarm actarmcd armnrs actarmud",
            integer="age",
            dates="rficdtc rfstdtc rfendtc dthdtc",
            treatment="arm armcd actarm actarmcd armnrs actarmud",
            key="",
        ),
        domain(
            "ex",
            "Exposure",
            f"visit arm {named(DOSING.replace('--DOSE ', ''), 'ex')} exroute excat",
            integer="exseq period",
            number="visitnum exdose",
            dates="exstdtc exendtc",
            treatment=f"arm {named(DOSING, 'ex')}",
            key="visit exstdtc period exseq",
            date="exstdtc",
        ),
        domain(
            "qs",
            "Questionnaires",
            "qscat qstestcd qstest qsorres qsstat visit qstpt arm qsgrpid qseval qsevalid",
            integer="qsseq period qsrepnum",
            number="visitnum qsstresn",
            dates="qsdtc",
            treatment="arm",
            key="qstestcd visit qsdtc qstpt period arm qsgrpid qseval qsevalid qsrepnum",
            date="qsdtc",
            test="qstestcd",
            result="qsstresn",
        ),
        domain(
            "vs",
            "Vital signs",
            f"vstestcd vstest vsorres vsstresu vsstat visit vstpt vspos {named(APART, 'vs')}",
            integer="vsseq vsrepnum",
            number="visitnum vsstresn vstptnum",
            dates="vsdtc",
            key=f"vstestcd visit visitnum vsdtc vstpt vstptnum vspos {named(APART, 'vs')} vsrepnum",
            date="vsdtc",
            test="vstestcd",
            result="vsstresn",
            unit="vsstresu",
        ),
        domain(
            "lb",
            "Laboratory",
            f"lbtestcd lbtest lborres lbstresu lbstat visit lbtpt lbpos {named(APART, 'lb')}",
            integer="lbseq lbrepnum",
            number="visitnum lbstresn lbtptnum",
            dates="lbdtc",
            key=f"lbtestcd visit visitnum lbdtc lbtpt lbtptnum lbpos {named(APART, 'lb')} lbrepnum",
            date="lbdtc",
            test="lbtestcd",
            result="lbstresn",
            unit="lbstresu",
        ),
        domain(
            "ae",
            "Adverse events",
            "aeterm aedecod aebodsys aesev aesevini aeser aerel aeout aeacn",
            integer="aeseq",
            dates="aestdtc aeendtc",
            key="aeseq aeterm aestdtc",
            date="aestdtc",
        ),
        domain(
            "ds",
            "Disposition",
            "dsterm dsdecod dscat dsscat epoch arm",
            integer="dsseq period",
            dates="dsstdtc",
            treatment="arm",
            key="dsdecod dsstdtc period dscat dsscat epoch",
            date="dsstdtc",
        ),
        domain(
            "pr",
            "Procedures: psychotherapy sessions",
            "prtrt prcat proccur visit therapist",
            integer="prseq",
            number="visitnum minutes fidelity",
            dates="prstdtc",
            key="prtrt visit prstdtc prseq",
            date="prstdtc",
        ),
        domain(
            "ce",
            "Clinical events: relapse and its like",
            "ceterm cedecod cecat",
            integer="ceseq",
            dates="cestdtc ceendtc",
            key="ceterm cedecod cestdtc ceseq",
            date="cestdtc",
        ),
        interventions("cm", "Concomitant medications"),
        interventions("ec", "Exposure as collected"),
        interventions("su", "Substance use"),
        events("dv", "Protocol deviations"),
        events("ho", "Healthcare encounters"),
        events("mh", "Medical history"),
        findings("da", "Drug accountability"),
        findings("eg", "ECG results"),
        findings("fa", "Findings about events or interventions"),
        findings("ft", "Functional tests"),
        findings("ie", "Inclusion and exclusion criteria not met"),
        findings("pc", "Drug concentrations", in_vault=True),
        findings("pe", "Physical examination"),
        findings("pp", "Pharmacokinetic parameters", in_vault=True),
        findings("rp", "Reproductive system findings"),
        findings("rs", "Disease response and clinical classifications"),
        findings("sc", "Subject characteristics"),
        findings("ss", "Subject status"),
        domain(
            "se",
            "Subject elements",
            "etcd element seupdes epoch",
            integer="seseq taetord sestdy seendy",
            dates="sestdtc seendtc",
            key="seseq etcd sestdtc",
            date="sestdtc",
            analysed=False,
            in_vault=True,
        ),
        domain(
            "sv",
            "Subject visits",
            "visit epoch svpresp svoccur svreasoc svcntmod svepchgi svupdes",
            integer="visitdy svstdy svendy",
            number="visitnum",
            dates="svstdtc svendtc",
            key="visitnum visit svstdtc",
            date="svstdtc",
            analysed=False,
        ),
        qualifiers("suppqual", "Supplemental qualifiers"),
        qualifiers("suppex", "Supplemental qualifiers of what tells the arm", in_vault=True),
        design("relrec", "Related records", "rdomain idvar idvarval reltype relid", key="rdomain idvar idvarval relid"),
        design(
            "ta", "Trial arms", "armcd arm etcd element tabranch tatrans epoch", key="armcd taetord", integer="taetord"
        ),
        design("te", "Trial elements", "etcd element testrl teenrl tedur", key="etcd"),
        design(
            "ti",
            "Trial inclusion and exclusion criteria",
            "ietestcd ietest iecat iescat tirl tivers",
            key="ietestcd tivers",
        ),
        design(
            "ts",
            "Trial summary",
            "tsgrpid tsparmcd tsparm tsval tsvalnf tsvalcd tsvcdref tsvcdver",
            key="tsparmcd tsgrpid tsseq",
            integer="tsseq",
        ),
        design(
            "tv",
            "Trial visits",
            "visit armcd arm tvstrl tvenrl",
            key="visitnum armcd",
            integer="visitdy",
            number="visitnum",
        ),
    )
}

_QUALIFIERS_IN_VAULT = {f"supp{name}" for name, one in DOMAINS.items() if one.in_vault or name in {"ec", "ex"}}


def domain_of_dataset(dataset: str) -> str | None:
    """Returns the domain that an SDTM data set is a part of, or None.

    `qs` and its splits (`qsda`, `qsmm`) are of `qs`, each `supp..` of `suppqual`; of `suppex`, where it tells the arm.
    """
    name = dataset.lower()
    if name in DOMAINS:
        return name
    if name.startswith("supp") and name[4:6] in DOMAINS:
        return "suppex" if name[:6] in _QUALIFIERS_IN_VAULT else "suppqual"
    return name[:2] if 2 < len(name) <= 4 and name[:2] in DOMAINS else None
