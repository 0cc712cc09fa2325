-- The first dated intercurrent event of each subject for each estimand. An event without a full date cannot be placed
-- before or after a visit, and does not count.
with dispositions as (

    select * from {{ ref('stg_landed__dispositions') }}

),

clinical_events as (

    select * from {{ ref('stg_landed__clinical_events') }}

),

estimand_events as (

    select * from {{ source('study', 'estimand_events') }}

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

),

final as (

    select
        events.usubjid,
        estimand_events.estimand,
        min(events.adt) as event_date
    from events
    inner join estimand_events
        on events.event = estimand_events.event
    where events.adt is not null
    group by events.usubjid, estimand_events.estimand

)

select * from final
