{#- Response: a reduction from baseline of at least (strict: more than) min_reduction_pct, min_reduction_points, or both,
and a total of at most (strict: less than) response_max_score, as far as each is given; and what other instruments say of
it besides (`further`, joined by `further_score_of`), where the endpoint asks them.

Both sides are multiplied out, so that 30 -> 15 is exactly 50 % whatever the floating point division would give.
A baseline of 0 has no reduction. -#}
{% macro response_is_met(aval, base, endpoint) -%}
    case
        when {{ base }} = 0 or {{ base }} is null or {{ aval }} is null then null
        when {{ endpoint }}.response_strict
            then
                coalesce(({{ base }} - {{ aval }}) * 100 > {{ endpoint }}.min_reduction_pct * {{ base }}, true)
                and coalesce({{ base }} - {{ aval }} > {{ endpoint }}.min_reduction_points, true)
                and coalesce({{ aval }} < {{ endpoint }}.response_max_score, true)
                and {{ further_is_met(endpoint) }}
        else
            coalesce(({{ base }} - {{ aval }}) * 100 >= {{ endpoint }}.min_reduction_pct * {{ base }}, true)
            and coalesce({{ base }} - {{ aval }} >= {{ endpoint }}.min_reduction_points, true)
            and coalesce({{ aval }} <= {{ endpoint }}.response_max_score, true)
            and {{ further_is_met(endpoint) }}
    end
{%- endmacro %}

{#- What the other instruments say: true where none is asked, null where that is not known. -#}
{% macro further_is_met(endpoint) -%}
    case when coalesce({{ endpoint }}.has_further, false) then further.is_further_met else true end
{%- endmacro %}

{#- Join condition: what other instruments say at the visit of a score, of an unscheduled one on its day. -#}
{% macro further_score_of(scores, avisit, adt, endpoint=none) -%}
    {{ scores }}.usubjid = further.usubjid and {{ endpoint or scores }}.endpoint = further.endpoint
            and {{ scores }}.aperiod is not distinct from further.aperiod and {{ avisit }} = further.avisit
            and ({{ avisit }} <> 'UNSCHEDULED' or {{ adt }} = further.adt)
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

{#- A score and its place in one value, so that the highest score, of equal ones the latest, is a maximum. -#}
{% macro score_and_place(aval, place) -%}
    {{ return(adapter.dispatch('score_and_place')(aval, place)) }}
{%- endmacro %}

{% macro default__score_and_place(aval, place) -%}
    struct_pack(aval := {{ aval }}, place := {{ place }})
{%- endmacro %}

{% macro spark__score_and_place(aval, place) -%}
    named_struct('aval', {{ aval }}, 'place', {{ place }})
{%- endmacro %}

{#- What is assumed of a visit at which nothing is known. Non-responder imputation: not reached. Worst case: not reached under
an experimental arm and reached under a control arm; best case: the other way round. Where the arm is not known (a blinded
cut, a subject without treatment) nothing is assumed by either. -#}
{% macro assumed_outcome(method, role) -%}
    case
        when {{ method }} = 'nri' then 'N'
        when {{ method }} = 'worst_case' then case {{ role }} when 'experimental' then 'N' when 'control' then 'Y' end
        when {{ method }} = 'best_case' then case {{ role }} when 'experimental' then 'Y' when 'control' then 'N' end
    end
{%- endmacro %}

{#- How a flag came about, in CDISC's words (codelist DTYPE): of what was assumed, else of the value. NRI is no word of
CDISC's, whose list may be extended. -#}
{% macro derivation_type(judged) -%}
    case
        when {{ judged }}.is_met is null and not {{ judged }}.is_composite_failure and {{ judged }}.assumed_crit1fl is not null
            then case {{ judged }}.method when 'nri' then 'NRI' when 'worst_case' then 'WC' when 'best_case' then 'BC' end
        else {{ judged }}.dtype
    end
{%- endmacro %}

{#- Whether an endpoint is reached: no after an event that counts as failure, else by the score, else as assumed. -#}
{% macro outcome(judged) -%}
    case
        when {{ judged }}.is_composite_failure then 'N'
        when {{ judged }}.is_met then 'Y'
        when not {{ judged }}.is_met then 'N'
        else {{ judged }}.assumed_crit1fl
    end
{%- endmacro %}

{#- A reduction from baseline of less than a share in per cent, multiplied out as a response is. -#}
{% macro reduction_is_below(aval, base, share) -%}
    case when {{ base }} <> 0 then ({{ base }} - {{ aval }}) * 100 < {{ share }} * {{ base }} end
{%- endmacro %}
