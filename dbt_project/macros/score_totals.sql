{#- What an assessment's item rows add up to; used once for all rows and once more for the restated ones.

Scores are decimals: the sum does not depend on the order of the rows. -#}
{% macro score_totals() -%}
    count(*) as source_rows,
    count(case when qsstat = 'NOT DONE' then 1 end) as rows_not_done,
    count(case when not is_total then 1 end) as items_recorded,
    count(case when not is_total then score end) as items_answered,
    sum(case when not is_total then score end) as item_sum,
    max(case when is_total then score end) as collected_total,
    bit_count(bit_or(code_bit)) as codes_recorded,
    min({{ source_key() }}) as source_key
{%- endmacro %}

{#- What makes an assessment: an instrument of a subject at one collected visit, date, time point, period and arm, by one
evaluator. -#}
{% macro assessment_key(relation=none) -%}
    {%- for column in ['usubjid', 'paramcd', 'visit', 'qsdtc', 'qstpt', 'qualifiers', 'period', 'arm'] -%}
        {{ relation ~ '.' if relation }}{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
