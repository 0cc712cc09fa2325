{%- set ratio = 'numerator / cast(denominator as double)' -%}
{%- set sources = [
    ('int_site_counts_compared', ratio, 'expected', 'null'),
    ('int_site_events_compared', ratio, 'expected', 'null'),
    ('int_adverse_events_compared', ratio, 'expected', 'p_value'),
    ('int_digits_compared', 'value', 'expected', 'p_value'),
    ('int_score_changes_compared', 'value', '1', 'null'),
] -%}
with metrics as (

    select * from {{ source('study', 'metrics') }}

),

sites as (

    select * from {{ source('study', 'sites') }}

),

settings as (

    select * from {{ source('study', 'settings') }}

),

quarantined as (

    select * from {{ ref('int_quarantined_values_counted') }}

),

measured as (
    {% for model, measure, expected, p_value in sources %}
        select
            metric,
            siteid,
            cast(n as bigint) as n,
            cast(numerator as double) as numerator,
            cast(denominator as double) as denominator,
            {{ measure }} as value,
            cast({{ expected }} as double) as expected,
            cast(score as double) as score,
            cast({{ p_value }} as double) as p_value
        from {{ ref(model) }}
        union all
    {%- endfor %}
    select
        'query_age' as metric,
        siteid,
        values_dated as n,
        cast(days_open as double) as numerator,
        cast(values_dated as double) as denominator,
        days_open / cast(values_dated as double) as value,
        cast(null as double) as expected,
        cast(null as double) as score,
        cast(null as double) as p_value
    from quarantined
    where values_dated > 0

),

final as (

    select
        settings.studyid,
        sites.siteid,
        metrics.metric,
        coalesce(measured.n, 0) as n,
        measured.numerator,
        measured.denominator,
        round(measured.value * metrics.per, 6) as value,
        round(measured.expected * metrics.per, 6) as expected,
        measured.score,
        measured.p_value
    from metrics
    cross join settings
    cross join sites
    left join measured
        on metrics.metric = measured.metric and sites.siteid = measured.siteid
    where sites.kind = 'site'

)

select * from final
