-- The first dated intercurrent event of each subject for each estimand: one that comes after the start of treatment
-- (ICH E9(R1)). An event without a full date cannot be placed before or after a visit, and does not count.
with dispositions as (

    select * from {{ ref('stg_landed__dispositions') }}

),

clinical_events as (

    select * from {{ ref('stg_landed__clinical_events') }}

),

unblinded as (

    select * from {{ ref('int_treatments_unblinded') }}

),

estimand_events as (

    select * from {{ source('study', 'estimand_events') }}

),

first_doses as (

    select
        usubjid,
        min(first_dose_date) as first_dose_date
    from {{ ref('int_periods_dosed') }}
    group by usubjid

),

events as (

    select
        usubjid,
        dsdecod as event,
        adt
    from dispositions
    union all
    select
        usubjid,
        cedecod as event,
        adt
    from clinical_events
    union all
    select
        usubjid,
        'TREATMENT UNBLINDED' as event,
        treatment_unblinded_date as adt
    from unblinded

),

final as (

    select
        events.usubjid,
        estimand_events.estimand,
        min(events.adt) as event_date
    from events
    inner join estimand_events
        on events.event = estimand_events.event
    left join first_doses
        on events.usubjid = first_doses.usubjid
    -- Whoever was never dosed has nothing that an event could come before.
    where events.adt >= coalesce(first_doses.first_dose_date, events.adt)
    group by events.usubjid, estimand_events.estimand

)

select * from final
