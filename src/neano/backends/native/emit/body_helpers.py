"""Functions that the body of a function calls in place of writing the same few instructions again and again."""

from neano.backends.native.runtime import abi

RELEASE = """define internal void @gil.release(ptr %slot) {
entry:
  %now = load ptr, ptr %slot
  %held = icmp eq ptr %now, null
  br i1 %held, label %release, label %done
release:
  %state = call ptr @PyEval_SaveThread()
  store ptr %state, ptr %slot
  br label %done
done:
  ret void
}"""

ACQUIRE = """define internal void @gil.acquire(ptr %slot) {
entry:
  %state = load ptr, ptr %slot
  %held = icmp eq ptr %state, null
  br i1 %held, label %done, label %acquire
acquire:
  call void @PyEval_RestoreThread(ptr %state)
  store ptr null, ptr %slot
  br label %done
done:
  ret void
}"""


GIVE = f"""define internal void @scratch.drop(ptr %slot) {{
  %block = load ptr, ptr %slot
  call void @{abi.SCRATCH_GIVE}(ptr %block)
  store ptr null, ptr %slot
  ret void
}}"""

CONSIDER = """define internal void @gil.consider(ptr %slot, i64 %work, i64 %limit) {
entry:
  %large = icmp sgt i64 %work, %limit
  br i1 %large, label %release, label %done
release:
  call void @gil.release(ptr %slot)
  br label %done
done:
  ret void
}"""
