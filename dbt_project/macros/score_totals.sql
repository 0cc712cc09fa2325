{#- What an assessment's item rows add up to; used once for all rows and once more for the restated ones.

Scores are decimals: the sum does not depend on the order of the rows. -#}
{% macro score_totals() -%}
    max(studyid) as studyid,
    max(siteid) as siteid,
    max(qsstat) as qsstat,
    count(*) as source_rows,
    count(*) filter (where not is_total) as items_recorded,
    count(score) filter (where not is_total) as items_answered,
    sum(score) filter (where not is_total) as item_sum,
    max(score) filter (where is_total) as collected_total,
    bit_count(bit_or(code_bit)) as codes_recorded,
    min({{ source_key() }}) as source_key
{%- endmacro %}

{#- What makes an assessment: an instrument of a subject at one collected visit, date, time point, period and arm. -#}
{% macro assessment_key(relation=none) -%}
    {%- for column in ['usubjid', 'paramcd', 'visit', 'qsdtc', 'qstpt', 'period', 'arm'] -%}
        {{ relation ~ '.' if relation }}{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
