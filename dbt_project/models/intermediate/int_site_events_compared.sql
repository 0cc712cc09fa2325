-- Of vendors nobody is a subject: they are no sites. A site without a day, record or row has no rate, and is left out.
with subjects as (

    select * from {{ ref('adsl') }}

),

visits as (

    select * from {{ ref('int_visits_counted') }}

),

quarantined as (

    select * from {{ ref('int_quarantined_values_counted') }}

),

openings as (

    select
        subjects.siteid,
        count(coalesce(subjects.randdt, subjects.trtsdt)) as subjects,
        sum(visits.records) as records,
        min(least(subjects.icdt, subjects.randdt, subjects.trtsdt)) as first_date,
        max(coalesce(subjects.randdt, subjects.trtsdt)) as last_date
    from subjects
    left join visits
        on subjects.usubjid = visits.usubjid
    group by subjects.siteid

),

recruitment as (

    select max(last_date) as last_date from openings

),

sites as (

    select
        openings.siteid,
        openings.subjects,
        {{ days_between('openings.first_date', 'recruitment.last_date') }} + 1 as days,
        openings.records,
        coalesce(quarantined.values_set_aside, 0) as values_set_aside,
        quarantined.rows_repeated,
        quarantined.rows_in
    from openings
    cross join recruitment
    left join quarantined on openings.siteid = quarantined.siteid

),

counts as (
    {% for metric, numerator, denominator in [
        ('enrolment', 'subjects', 'days'),
        ('query_rate', 'values_set_aside', 'records'),
        ('repeated_rows', 'rows_repeated', 'rows_in'),
    ] %}
        select
            '{{ metric }}' as metric,
            siteid,
            {{ numerator }} as numerator,
            {{ denominator }} as denominator
        from sites
        where {{ denominator }} > 0
        {% if not loop.last %}union all{% endif %}
    {%- endfor %}

),

rates as (

    select
        metric,
        cast(sum(numerator) as double) / cast(sum(denominator) as double) as rate
    from counts
    group by metric

),

final as (

    select
        counts.*,
        counts.denominator as n,
        round(rates.rate, 8) as expected,
        round(
            (counts.numerator - rates.rate * counts.denominator)
            / sqrt(case when rates.rate = 0 then 1 else rates.rate * counts.denominator end), 4
        ) as score
    from counts
    left join rates on counts.metric = rates.metric

)

select * from final
