{#- How many domains of an instrument may count by their highest item (pipelines/study/instrument_checks.py). -#}
{% macro most_domains() -%}6{%- endmacro %}

{#- What a delivered value counts: turned around where its item is reversed; nothing where it is not scored. -#}
{% macro points(value) -%}
    case
        when not is_total and not is_scored then null
        when factor = 1 and addend = 0 then cast({{ value }} as decimal(18, 4))
        else cast(addend + factor * cast({{ value }} as decimal(18, 4)) as decimal(18, 4))
    end
{%- endmacro %}

{#- What an assessment's item rows add up to; used once for all rows and once more for the restated ones.

Scores are decimals: the sum does not depend on the order of the rows. Of a domain (highest_group) the highest counts. -#}
{% macro score_totals() -%}
    count(*) as source_rows,
    count(case when qsstat = 'NOT DONE' then 1 end) as rows_not_done,
    count(case when not is_total then 1 end) as items_recorded,
    coalesce(bit_count(bit_or(case when score is not null then answer_bit end)), 0) as items_answered,
    coalesce(bit_count(bit_or(case when score is not null then component_bit end)), 0) as components_answered,
    case
        when count(case when not is_total then score end) > 0
            then
                coalesce(sum(case when not is_total and highest_group is null then score end), 0)
                {%- for group in range(1, most_domains() | int + 1) %}
                + coalesce(max(case when highest_group = {{ group }} then score end), 0)
                {%- endfor %}
    end as item_sum,
    sum(case when not is_total and score is not null then points_possible end) as points_answered,
    max(case when is_total then collected end) as collected_total,
    bit_count(bit_or(code_bit)) as codes_recorded,
    min({{ source_key() }}) as source_key
{%- endmacro %}

{#- The total of an assessment with a missing item that may be: the share of what was answered, of the whole.

Rounded half up, where the study file says so; both numbers are whole there, so that a half is met exactly. -#}
{% macro prorated(sum, of_whole, answered, decimals) -%}
    case
        when {{ decimals }} is null then cast({{ sum }} * {{ of_whole }} as double) / cast({{ answered }} as double)
        else
            floor(
                cast({{ sum }} * {{ of_whole }} as double) * power(10, {{ decimals }}) / cast({{ answered }} as double) + 0.5
            ) / power(10, {{ decimals }})
    end
{%- endmacro %}

{#- What makes an assessment: an instrument of a subject at one collected visit, date, time point, period and arm, by one
evaluator. -#}
{% macro assessment_key(relation=none) -%}
    {%- for column in ['usubjid', 'paramcd', 'visit', 'qsdtc', 'qstpt', 'qualifiers', 'period', 'arm'] -%}
        {{ relation ~ '.' if relation }}{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
