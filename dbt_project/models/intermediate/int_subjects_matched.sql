-- Subjects with fewer totals than the metric asks for are left out.
with scores as (

    select * from {{ ref('adqs') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

tests as (

    select * from {{ source('study', 'metric_tests') }}

),

metrics as (

    select * from {{ source('study', 'metrics') }}

),

counted as (

    select
        scores.usubjid,
        scores.paramcd || ' ' || scores.avisit || ' ' || cast(cast(scores.aval as decimal(18, 4)) as varchar) as total
    from scores
    inner join tests
        on scores.paramcd = tests.testcd
    where tests.metric = 'duplicate_subjects' and scores.anl01fl = 'Y' and scores.aval is not null

),

totals as (

    select
        usubjid,
        count(*) as totals,
        string_agg(total, '|' order by total) as series
    from counted
    group by usubjid

),

final as (

    select
        totals.usubjid,
        count(*) over (partition by totals.series, subjects.sex, subjects.age) > 1 as is_alike
    from totals
    inner join metrics
        on metrics.metric = 'duplicate_subjects' and totals.totals >= metrics.parameter
    left join subjects
        on totals.usubjid = subjects.usubjid

)

select * from final
