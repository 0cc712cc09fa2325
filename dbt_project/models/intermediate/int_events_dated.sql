{{ config(materialized='view') }}

-- Clinical events and dispositions with a full date.
with clinical_events as (

    select * from {{ ref('stg_landed__clinical_events') }}

),

dispositions as (

    select * from {{ ref('stg_landed__dispositions') }}

),

final as (

    select
        usubjid,
        cedecod as event,
        'CE' as srcdom,
        delivery_id,
        source_file,
        delivery_rank,
        srcseq,
        adt
    from clinical_events
    where adt is not null
    union all
    select
        usubjid,
        dsdecod as event,
        'DS' as srcdom,
        delivery_id,
        source_file,
        delivery_rank,
        srcseq,
        adt
    from dispositions
    where adt is not null

)

select * from final
