{{ config(materialized='view') }}

-- The dated events that any durability parameter of an endpoint calls an event or censors at, in their period.
with events as (

    select * from {{ ref('int_events_dated') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

parameters as (

    select * from {{ source('study', 'durability_parameters') }}

),

rules as (

    select * from {{ source('study', 'durability_events') }}

),

-- Of several parameters, one that calls it an event decides.
endings as (

    select
        parameters.endpoint,
        rules.event,
        min(rules.cnsr) as cnsr
    from parameters
    inner join rules
        on parameters.paramcd = rules.paramcd
    group by parameters.endpoint, rules.event

),

final as (

    select
        events.usubjid,
        endings.endpoint,
        events.event as ended_by,
        events.srcdom,
        cast(null as varchar) as dtc,
        treatments.aperiod,
        {{ study_day('events.adt', 'treatments.day_one_date') }} as ady,
        1 as priority,
        endings.cnsr,
        events.delivery_rank,
        events.srcseq,
        cast(null as double) as aval,
        cast(null as double) as base,
        events.adt
    from events
    inner join endings
        on events.event = endings.event
    inner join treatments
        on {{ is_treated_on('treatments', 'events', 'events.adt') }}
    where treatments.day_one_date is not null

)

select * from final
