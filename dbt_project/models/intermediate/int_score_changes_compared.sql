with scores as (

    select * from {{ ref('adqs') }}

),

tests as (

    select * from {{ source('study', 'metric_tests') }}

),

changes as (

    select
        scores.siteid,
        scores.usubjid,
        scores.paramcd,
        scores.avisit,
        cast(scores.chg as decimal(12, 4)) as chg
    from scores
    inner join tests on scores.paramcd = tests.testcd
    where tests.metric = 'score_variance' and scores.anl01fl = 'Y' and scores.avisit <> 'UNSCHEDULED'

),

visits as (

    select
        siteid,
        paramcd,
        avisit,
        count(*) - 1 as degrees,
        cast(sum(chg * chg) - cast(sum(chg) * sum(chg) as double) / count(*) as decimal(30, 6)) as squares
    from changes
    where chg is not null
    group by siteid, paramcd, avisit

),

subjects as (

    select
        siteid,
        count(distinct case when chg is not null then usubjid end) as n
    from changes
    group by siteid

),

of_sites as (

    select
        visits.siteid,
        subjects.n,
        sum(visits.squares) as squares,
        sum(visits.degrees) as degrees,
        sum(subjects.n) over () - subjects.n as n_of_others,
        sum(sum(visits.squares)) over () - sum(visits.squares) as squares_of_others,
        sum(sum(visits.degrees)) over () - sum(visits.degrees) as degrees_of_others
    from visits
    left join subjects on visits.siteid = subjects.siteid
    group by visits.siteid, subjects.n

),

variances as (

    select
        siteid,
        n,
        n_of_others,
        cast(squares as double) / degrees as variance,
        cast(squares_of_others as double) / degrees_of_others as variance_of_others
    from of_sites
    where degrees > 0 and degrees_of_others > 0

),

-- A variance of 0 has no logarithm; it counts as a ten-thousandth of the others'.
final as (

    select
        'score_variance' as metric,
        siteid,
        n,
        round(variance, 6) as numerator,
        round(variance_of_others, 6) as denominator,
        round(variance / variance_of_others, 6) as value,
        round(ln(greatest(variance / variance_of_others, 0.0001)) / sqrt(2.0 / (n - 1) + 2.0 / (n_of_others - 1)), 4)
            as score
    from variances
    where variance_of_others > 0 and n > 1 and n_of_others > 1

)

select * from final
