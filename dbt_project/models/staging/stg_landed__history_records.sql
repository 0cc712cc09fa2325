with source as (

    select * from {{ source('landed', 'history') }}

),

final as (

    select
        studyid,
        siteid,
        usubjid,
        domain,
        match_key,
        record_key,
        record_values,
        export_number,
        step,
        _source_row as source_row,
        _record as record
    from source

)

select * from final
