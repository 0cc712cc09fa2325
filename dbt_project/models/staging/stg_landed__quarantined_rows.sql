with source as (

    select * from {{ source('landed', 'quarantine') }}

),

final as (

    select
        siteid,
        _source_file as source_file,
        column_name,
        code,
        reason,
        _delivery_id as delivery_id,
        _source_row as source_row
    from source

)

select * from final
