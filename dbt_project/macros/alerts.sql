{#- Whether a value lies beyond a limit: above it (strict) or at it too; null without a limit or a value. -#}
{% macro is_above(value, limit, strict) -%}
    case when {{ strict }} then {{ value }} > {{ limit }} else {{ value }} >= {{ limit }} end
{%- endmacro %}

{% macro is_below(value, limit, strict) -%}
    case when {{ strict }} then {{ value }} < {{ limit }} else {{ value }} <= {{ limit }} end
{%- endmacro %}

{#- 'Y' where one of two limits is broken, 'N' where none of those that there are is; null without a limit or a value. -#}
{% macro either_flag(one, other) -%}
    case when {{ one }} or {{ other }} then 'Y' when not coalesce({{ one }}, {{ other }}) then 'N' end
{%- endmacro %}
