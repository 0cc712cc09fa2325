with subjects as (

    select * from {{ ref('adsl') }}

),

dated as (

    select * from {{ ref('int_scores_dated') }}

),

scores as (

    select * from {{ ref('adqs') }}

),

other_records as (

    select usubjid from {{ ref('advs') }}
    union all
    select usubjid from {{ ref('adae') }}

),

visits as (

    select * from {{ source('study', 'version_visits') }}

),

-- One visit on one day, whatever was asked at it.
placed as (

    select distinct
        dated.usubjid,
        dated.visit,
        dated.adt,
        visits.window_from_day is not null and dated.ady is not null as has_window,
        coalesce(dated.ady not between visits.window_from_day and visits.window_to_day, false) as is_outside
    from dated
    left join visits
        on dated.visit = visits.visit and dated.protocol_version is not distinct from visits.version
    where dated.adt is not null

),

days as (

    select
        usubjid,
        count(distinct adt) as days,
        count(case when has_window then 1 end) as visits_dated,
        count(case when has_window and is_outside then 1 end) as visits_outside
    from placed
    group by usubjid

),

answers as (

    select
        usubjid,
        sum(case when items_answered > 0 then items_expected - items_answered else 0 end) as items_missing,
        sum(case when items_answered > 0 then items_expected else 0 end) as items_expected,
        sum(source_rows) as records
    from scores
    group by usubjid

),

others as (

    select
        usubjid,
        count(*) as records
    from other_records
    group by usubjid

),

final as (

    select
        subjects.usubjid,
        coalesce(days.days, 0) as days,
        coalesce(days.visits_dated, 0) as visits_dated,
        coalesce(days.visits_outside, 0) as visits_outside,
        coalesce(answers.items_missing, 0) as items_missing,
        coalesce(answers.items_expected, 0) as items_expected,
        coalesce(answers.records, 0) + coalesce(others.records, 0) as records
    from subjects
    left join days on subjects.usubjid = days.usubjid
    left join answers on subjects.usubjid = answers.usubjid
    left join others on subjects.usubjid = others.usubjid

)

select * from final
