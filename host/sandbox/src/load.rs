//! Compiles admitted modules and links them: once for all calls.

use std::sync::Arc;

use smcp_capability::contract::{self, CoreType};
use smcp_package::AdmittedModule;
use wasmi::{CompilationMode, Engine, FuncType, Linker, Module, ValType};

use crate::host_state::{HostState, Suspend};
use crate::profile;

/// Why an admitted module cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The engine does not take what admission took.
    #[error("the module cannot be translated: {0}")]
    Untranslatable(String),
}

impl LoadError {
    /// A stable name of the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Untranslatable(_) => "module_untranslatable",
        }
    }
}

/// A compiled module, ready to be called any number of times. Cheap to clone.
#[derive(Clone)]
pub struct LoadedModule {
    inner: Arc<Compiled>,
}

pub(crate) struct Compiled {
    pub(crate) engine: Engine,
    pub(crate) module: Module,
    pub(crate) linker: Linker<HostState>,
}

impl core::fmt::Debug for LoadedModule {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("LoadedModule").finish_non_exhaustive()
    }
}

impl LoadedModule {
    /// Compiles a module. Its functions are translated when they are first called.
    ///
    /// # Errors
    ///
    /// If the engine refuses the module; admission with [`LoadedModule::translate_all`] rules it
    /// out.
    pub fn load(admitted: &AdmittedModule) -> Result<Self, LoadError> {
        Self::compile(admitted.bytes(), CompilationMode::Lazy)
    }

    /// Translates every function at once: the last step of admission, so that nothing fails later.
    ///
    /// # Errors
    ///
    /// If a function cannot be translated.
    pub fn translate_all(admitted: &AdmittedModule) -> Result<Self, LoadError> {
        Self::compile(admitted.bytes(), CompilationMode::Eager)
    }

    pub(crate) fn compile(wasm: &[u8], mode: CompilationMode) -> Result<Self, LoadError> {
        let untranslatable =
            |error: &dyn core::fmt::Display| LoadError::Untranslatable(error.to_string());
        let engine = profile::engine(mode);
        let module = Module::new(&engine, wasm).map_err(|error| untranslatable(&error))?;
        let linker = link(&engine).map_err(|error| untranslatable(&error))?;
        Ok(Self {
            inner: Arc::new(Compiled {
                engine,
                module,
                linker,
            }),
        })
    }

    pub(crate) fn compiled(&self) -> &Compiled {
        &self.inner
    }
}

/// Every hosted import suspends the guest; what it asked is read when it stands still.
fn link(engine: &Engine) -> Result<Linker<HostState>, wasmi::errors::LinkerError> {
    let mut linker: Linker<HostState> = Linker::new(engine);
    for (index, function) in contract::IMPORTS.iter().enumerate() {
        let ty = FuncType::new(
            function.params.iter().map(value_type),
            function.results.iter().map(value_type),
        );
        linker.func_new(
            function.interface,
            function.name,
            ty,
            move |mut caller, params, _| {
                caller.data_mut().suspend(index, params);
                Err(wasmi::Error::host(Suspend))
            },
        )?;
    }
    Ok(linker)
}

fn value_type(ty: &CoreType) -> ValType {
    match ty {
        CoreType::I32 => ValType::I32,
        CoreType::I64 => ValType::I64,
        CoreType::F64 => ValType::F64,
    }
}
