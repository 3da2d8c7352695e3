"""Where Dagster keeps data frames between the asset that returns one and the sync that reads it: in the warehouse.

Goes in: a pandas DataFrame or an Arrow table. Comes out: the same rows. Dagster's default is a file in its storage,
which anyone who may read Dagster's files could open.
"""

from typing import Any

import dagster as dg
import pyarrow as pa
from typing_extensions import override

from cr_pipelines.resources import WarehouseResource
from cr_pipelines.sync import SyncError, as_arrow, read_frame, write_frame


class DataFrameIOManager(dg.IOManager):
    """Keeps data frames in the table `data_frames` of the state schema, instead of in Dagster's storage.

        dg.Definitions(resources={"io_manager": DataFrameIOManager(), ...})

    Or only for some assets: give it another key, and name it with `@dg.asset(io_manager_key=…)`. An asset that reads
    such a frame gets an Arrow table, or a pandas DataFrame if its parameter has that annotation.

    Args:
        warehouse: the warehouse to keep them in; by default, that of the environment.
    """

    def __init__(self, warehouse: WarehouseResource | None = None):
        self._warehouse = warehouse or WarehouseResource()

    @override
    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        module = type(obj).__module__.partition(".")[0]
        if not isinstance(obj, pa.Table) and (module, type(obj).__name__) != ("pandas", "DataFrame"):
            raise SyncError(
                f"{context.asset_key.to_user_string()} returned a {module}.{type(obj).__name__}; the "
                "DataFrameIOManager stores only data frames, so give the asset another io_manager_key"
            )
        partition = context.partition_key if context.has_asset_partitions else ""
        frame = as_arrow(obj)
        with self._opened().get_warehouse().session() as session:
            write_frame(session, self._schema, context.asset_key.to_user_string(), partition, frame)

    @override
    def load_input(self, context: dg.InputContext) -> Any:
        partitions = list(context.asset_partition_keys) if context.has_asset_partitions else [""]
        frames = {partition: self._read(context.asset_key.to_user_string(), partition) for partition in partitions}
        if context.dagster_type.typing_type not in (Any, None, pa.Table):
            found: dict[str, Any] = {partition: frame.to_pandas() for partition, frame in frames.items()}
        else:
            found = frames
        return next(iter(found.values())) if len(found) == 1 else found

    def _read(self, name: str, partition: str) -> pa.Table:
        with self._opened().get_warehouse().session() as session:
            found = read_frame(session, self._schema, name, partition)
        if found is None:
            of_day = f" of {partition}" if partition else ""
            raise SyncError(f"there is no data frame of {name}{of_day} yet; materialize {name} first")
        return found

    @property
    def _schema(self) -> str:
        return self._opened().get_state_schema()

    def _opened(self) -> WarehouseResource:
        opened: WarehouseResource = self._warehouse.process_config_and_initialize()
        return opened
