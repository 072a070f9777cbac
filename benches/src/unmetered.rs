//! A guest on the sandbox's own wasmi, with the same dispatch, but without fuel and in one piece: what
//! metering and slicing are compared with.
//!
//! It calls the exports by hand. A guest may have imports, and call none.

use smcp_ids::limits;
use wasmi::{CompilationMode, Config, EnforcedLimits, Engine, Linker, Module, Store};

use crate::subject::Failure;

/// A compiled guest.
pub(crate) struct Unmetered {
    engine: Engine,
    module: Module,
}

impl Unmetered {
    /// Compiles a module as the sandbox does, but for the fuel.
    pub(crate) fn new(wasm: &[u8]) -> Result<Self, Failure> {
        let mut config = Config::default();
        config
            .consume_fuel(false)
            .ignore_custom_sections(true)
            .enforced_limits(EnforcedLimits::strict())
            .set_max_recursion_depth(limits::RECURSION_MAX)
            .set_max_stack_height(limits::VALUE_STACK_MAX)
            .set_max_cached_stacks(2)
            .compilation_mode(CompilationMode::Lazy);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, wasm).map_err(text)?;
        Ok(Self { engine, module })
    }

    /// Makes an instance, places the request in its memory and calls its tool.
    pub(crate) fn call(&self, request: &str) -> Result<(), Failure> {
        let mut store = Store::new(&self.engine, ());
        let mut linker = Linker::new(&self.engine);
        for import in self.module.imports() {
            let Some(ty) = import.ty().func() else {
                continue;
            };
            let none = |_: wasmi::Caller<'_, ()>, _: &[wasmi::Val], _: &mut [wasmi::Val]| {
                Err(wasmi::Error::new("the guest called an import"))
            };
            linker
                .func_new(import.module(), import.name(), ty.clone(), none)
                .map_err(text)?;
        }
        let instance = linker
            .instantiate_and_start(&mut store, &self.module)
            .map_err(text)?;
        let memory = instance
            .get_memory(&store, "memory")
            .ok_or("the guest has no memory")?;
        let length = i32::try_from(request.len()).map_err(text)?;
        let at = instance
            .get_typed_func::<(i32, i32, i32, i32), i32>(&store, "cabi_realloc")
            .and_then(|realloc| realloc.call(&mut store, (0, 0, 1, length)))
            .map_err(text)?;
        memory
            .write(&mut store, at as usize, request.as_bytes())
            .map_err(text)?;
        instance
            .get_typed_func::<(i32, i32), i32>(&store, "smcp:server/handler@0.1.0#call-tool")
            .and_then(|tool| tool.call(&mut store, (at, length)))
            .map(drop)
            .map_err(text)
    }
}

fn text(error: impl core::fmt::Display) -> Failure {
    error.to_string()
}
