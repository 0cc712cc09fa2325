-- A metric that a site has no unit of is left out.
{%- set shares = [
    ('screen_failure', 'adsl', "case when eosstt = 'SCREEN FAILURE' then 1 else 0 end",
        "case when eosstt = 'SCREEN FAILURE' or randfl = 'Y' or saffl = 'Y' then 1 else 0 end"),
    ('discontinuation', 'adsl', "case when eosstt = 'DISCONTINUED' then 1 else 0 end",
        "case when (randfl = 'Y' or saffl = 'Y') and eosstt <> 'UNKNOWN' then 1 else 0 end"),
    ('missing_items', 'int_visits_counted', 'items_missing', 'items_expected'),
    ('out_of_window', 'int_visits_counted', 'visits_outside', 'visits_dated'),
    ('late_entry', 'int_changes_counted', 'days_late', 'days'),
    ('data_changes', 'int_changes_counted', 'values_changed', 'records'),
    ('duplicate_subjects', 'int_subjects_matched', 'case when is_alike then 1 else 0 end', '1'),
    ('repeated_items', 'int_answers_repeated', 'questionnaires_repeated', 'questionnaires'),
] %}
with subjects as (

    select * from {{ ref('adsl') }}

),

counts as (
    {% for metric, model, numerator, denominator in shares %}
        select
            '{{ metric }}' as metric,
            counted.usubjid,
            cast({{ numerator }} as bigint) as numerator,
            cast({{ denominator }} as bigint) as denominator
        from {{ ref(model) }} as counted
        {% if not loop.last %}union all{% endif %}
    {%- endfor %}

),

of_sites as (

    select
        counts.metric,
        subjects.siteid,
        count(*) as n,
        sum(counts.numerator) as numerator,
        sum(counts.denominator) as denominator,
        sum(counts.numerator * counts.numerator) as numerator_squares,
        sum(counts.numerator * counts.denominator) as products,
        sum(counts.denominator * counts.denominator) as denominator_squares
    from counts
    left join subjects on counts.usubjid = subjects.usubjid
    where counts.denominator > 0
    group by counts.metric, subjects.siteid

),

of_study as (

    select
        metric,
        cast(sum(n) as double) as n,
        cast(sum(numerator) as double) / cast(sum(denominator) as double) as rate,
        cast(sum(numerator_squares) as double) as numerator_squares,
        cast(sum(products) as double) as products,
        cast(sum(denominator_squares) as double) as denominator_squares
    from of_sites
    group by metric

),

-- Mean square of what a subject has more or less than the study's rate lets expect.
scattered as (

    select
        metric,
        rate,
        (numerator_squares - 2 * rate * products + rate * rate * denominator_squares) / n as scatter
    from of_study

),

final as (

    select
        of_sites.metric,
        of_sites.siteid,
        of_sites.n,
        of_sites.numerator,
        of_sites.denominator,
        round(scattered.rate, 8) as expected,
        case
            when scattered.scatter < 1e-12 then 0
            else round(
                    (of_sites.numerator - scattered.rate * of_sites.denominator)
                    / sqrt(of_sites.n * scattered.scatter), 4
                )
        end as score
    from of_sites
    left join scattered on of_sites.metric = scattered.metric

)

select * from final
