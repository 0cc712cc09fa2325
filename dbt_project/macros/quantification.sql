{#- What is analysed of a result, as the study file says for one beyond a limit of quantification. -#}
{% macro quantified_value(row) -%}
    case
            when {{ row }}.is_below and {{ row }}.below_limit = 'half_limit' then {{ row }}.lower_limit / 2
            when {{ row }}.is_below and {{ row }}.below_limit = 'limit' then {{ row }}.lower_limit
            when {{ row }}.is_above and {{ row }}.above_limit = 'limit' then {{ row }}.upper_limit
            when {{ row }}.is_below and {{ row }}.below_limit = 'missing' then null
            when {{ row }}.is_above and {{ row }}.above_limit = 'missing' then null
            else {{ row }}.value_as_reported
        end
{%- endmacro %}

{#- How that value was set; null where it is as reported. -#}
{% macro quantified_by(row) -%}
    case
            when {{ row }}.is_below and {{ row }}.below_limit = 'half_limit' then 'HALF LLOQ'
            when {{ row }}.is_below and {{ row }}.below_limit = 'limit' then 'LLOQ'
            when {{ row }}.is_above and {{ row }}.above_limit = 'limit' then 'ULOQ'
        end
{%- endmacro %}

{#- Whether a result lies beyond a limit: reported with a sign, or in numbers beyond the study file's. -#}
{% macro is_beyond(reported, sign, comparison) -%}
    coalesce({{ reported }} like '{{ sign }}%' or {{ comparison }}, false)
{%- endmacro %}

{#- 'Y' or 'N', and null where nothing was reported. -#}
{% macro limit_flag(row, beyond, other) -%}
    case
            when {{ row }}.{{ beyond }} then 'Y'
            when {{ row }}.value_as_reported is not null or {{ row }}.{{ other }} then 'N'
        end
{%- endmacro %}

{#- A result as reported, where it is nothing but a sign and digits: a laboratory's remark may stand there. -#}
{% macro sign_and_digits(reported) -%}
    case when translate({{ reported }}, '<>=., 0123456789', '') = '' then {{ reported }} end
{%- endmacro %}

{#- CTEs from laboratory results to `converted`: in the analyte's unit, beside its limits of quantification. Only analytes of
the study file; a unit without a conversion leaves no value. -#}
{% macro results_quantified(rows) -%}
biomarkers as (

    select * from {{ source('study', 'biomarkers') }}

),

units as (

    select * from {{ source('study', 'biomarker_units') }}

),

converted as (

    select
        results.*,
        biomarkers.label,
        biomarkers.unit,
        biomarkers.lower_limit,
        biomarkers.below_limit,
        biomarkers.upper_limit,
        biomarkers.above_limit,
        results.lbstresn * units.factor as value_as_reported,
        {{ is_beyond('results.lborres', '<', 'results.lbstresn * units.factor < biomarkers.lower_limit') }} as is_below,
        {{ is_beyond('results.lborres', '>', 'results.lbstresn * units.factor > biomarkers.upper_limit') }} as is_above
    from {{ rows }} as results
    inner join biomarkers
        on results.lbtestcd = biomarkers.lbtestcd
    left join units
        on results.lbtestcd = units.lbtestcd and results.lbstresu = units.from_unit

),
{%- endmacro %}
