"""The decisions, pure: values in, values out. No clock, I/O, environment, logging, pydantic, ray or vllm."""
