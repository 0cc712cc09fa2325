{#- Response: a reduction from baseline of at least (strict: more than) min_reduction_pct.

Both sides are multiplied out, so that 30 -> 15 is exactly 50 % whatever the floating point division would give.
A baseline of 0 has no reduction. -#}
{% macro response_is_met(aval, base, endpoint) -%}
    case
        when {{ base }} = 0 then null
        when {{ endpoint }}.response_strict
            then ({{ base }} - {{ aval }}) * 100 > {{ endpoint }}.min_reduction_pct * {{ base }}
        else ({{ base }} - {{ aval }}) * 100 >= {{ endpoint }}.min_reduction_pct * {{ base }}
    end
{%- endmacro %}

{#- Remission: a score of at most (strict: less than) remission_max_score. -#}
{% macro remission_is_met(aval, endpoint) -%}
    case
        when {{ endpoint }}.remission_strict then {{ aval }} < {{ endpoint }}.remission_max_score
        else {{ aval }} <= {{ endpoint }}.remission_max_score
    end
{%- endmacro %}

{#- Change from baseline in per cent of baseline; none where baseline is 0. -#}
{% macro percent_change(aval, base) -%}
    case when {{ base }} <> 0 then 100 * ({{ aval }} - {{ base }}) / {{ base }} end
{%- endmacro %}

{#- A reduction from baseline of less than a share in per cent, multiplied out as a response is. -#}
{% macro reduction_is_below(aval, base, share) -%}
    case when {{ base }} <> 0 then ({{ base }} - {{ aval }}) * 100 < {{ share }} * {{ base }} end
{%- endmacro %}
