{#- A key of one delivery and row in one number: the smallest names the first source row of a group. -#}
{% macro source_key() -%}
    cast(delivery_rank as bigint) * 1099511627776 + source_row
{%- endmacro %}

{% macro source_key_delivery(key) -%}
    cast({{ key }} // 1099511627776 as integer)
{%- endmacro %}

{% macro source_key_row(key) -%}
    {{ key }} % 1099511627776
{%- endmacro %}

{#- 'Y' or 'N', and null when it is not known. -#}
{% macro flag(condition) -%}
    case when {{ condition }} then 'Y' when not ({{ condition }}) then 'N' end
{%- endmacro %}

{#- Whether a time point can hold a baseline: the assessment is not after the day's dose. -#}
{% macro is_before_dosing(timepoint) -%}
    ({{ timepoint }} is null or {{ timepoint }} = 'PRE-DOSE')
{%- endmacro %}

{#- What else tells a result from others of one visit and time point, in one text; null where nothing does. -#}
{% macro qualifiers(columns) -%}
    nullif(concat_ws(' | ', {{ columns | join(', ') }}), '')
{%- endmacro %}
