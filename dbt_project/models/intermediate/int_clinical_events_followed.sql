-- Dated clinical events and dispositions on or after the first response, within the period that they belong to.
with starts as (

    select * from {{ ref('int_responses_started') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

events as (

    select * from {{ ref('int_events_dated') }}

),

placed as (

    select
        starts.usubjid,
        starts.paramcd,
        starts.aperiod,
        starts.start_day,
        events.event,
        events.srcdom,
        events.delivery_id,
        events.source_file,
        events.delivery_rank,
        events.srcseq,
        events.adt,
        {{ study_day('events.adt', 'starts.first_dose_date') }} as ady
    from starts
    inner join events
        on starts.usubjid = events.usubjid
    left join treatments
        on
            starts.usubjid = treatments.usubjid
            and starts.aperiod = treatments.aperiod
    where events.adt < treatments.next_period_date or treatments.next_period_date is null

),

final as (

    select
        usubjid,
        paramcd,
        event,
        srcdom,
        delivery_id,
        source_file,
        aperiod,
        delivery_rank,
        ady,
        srcseq,
        adt
    from placed
    where ady >= start_day

)

select * from final
